/**
 * The frames of an MP4 file, by WebCodecs, in the Worker: every one is seen, and no page waits.
 *
 * Frames that no other needs are not decoded, as in Python: the others are at most a tenth of a
 * second away, and half the work.
 */

import { NoSignals } from "../model.ts";
import { Clock } from "./clock.ts";
import type { Ending } from "./messages.ts";
import { type Track, openMp4 } from "./mp4.ts";

/** Frames that a decoder works on, and that wait to be looked at. */
const AT_ONCE = 6;

/** Bytes of the file that are read at a time. */
const PIECE = 1 << 20;

/** Milliseconds after which a decoder that says nothing is given up. */
const PATIENCE = 20_000;

/** Frames up to this size are decoded without the phone's own circuits, whose memory is slow. */
const SOFTWARE_PIXELS = 1920 * 1088;

/** Most pixels of a frame, as in Python. */
const MOST_PIXELS = 36_000_000;

/** A decoded frame; whoever reads it closes it. */
export interface Frame {
  /** Milliseconds from the first frame. */
  readonly time: number;
  readonly shown: VideoFrame;
  /** By how many degrees clockwise it is to be turned. */
  readonly degrees: number;
}

/** Reads the frames of one file. */
export class Reader {
  /** Share of the frames that were read, 0 to 1. */
  share = 0;
  readonly #file: Blob;
  readonly #track: Track;
  readonly #config: VideoDecoderConfig;
  readonly #clock: Clock;
  readonly #frames: VideoFrame[] = [];
  #decoder: VideoDecoder | undefined;
  #complete = true;
  #closed = false;
  #piece = { at: 0, bytes: new Uint8Array(0) };
  #wake = (): void => undefined;

  private constructor(file: Blob, track: Track, config: VideoDecoderConfig) {
    this.#file = file;
    this.#track = track;
    this.#config = config;
    this.#clock = new Clock((1000 * track.samples.lasts) / track.scale / track.samples.count);
  }

  /** Opens a file; undefined if this browser can't read it this way. */
  static async open(file: Blob): Promise<Reader | undefined> {
    if (!("VideoDecoder" in globalThis)) return undefined;
    const track = await openMp4(file);
    if (!track?.samples.count) return undefined;
    if (track.width * track.height > MOST_PIXELS) throw new NoSignals("too_large");
    const config = await configOf(track);
    return config && new Reader(file, track, config);
  }

  /** How the reading ended. */
  get ending(): Ending {
    return { duration: this.#clock.end, complete: this.#complete };
  }

  /** Yields the frames in the order in which they are shown. */
  async *frames(): AsyncGenerator<Frame> {
    try {
      for await (const shown of this.#decoded()) {
        if (this.#isShown(shown)) {
          const time = this.#clock.tick(shown.timestamp / 1000);
          yield { time, shown, degrees: this.#track.degrees };
        } else {
          shown.close();
        }
      }
    } finally {
      this.close();
    }
  }

  /** Gives the decoder and its frames back. */
  close(): void {
    this.#closed = true;
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = undefined;
    for (const frame of this.#frames.splice(0)) frame.close();
    this.#wake();
  }

  /** Says whether players show a frame, or whoever cut the video left it out. */
  #isShown(frame: VideoFrame): boolean {
    const { from, until, scale } = this.#track;
    const stamp = (frame.timestamp * scale) / 1e6 + 0.5; // decoders round to microseconds
    return stamp >= from && stamp < until;
  }

  async *#decoded(): AsyncGenerator<VideoFrame> {
    const { count } = this.#track.samples;
    for (let number = 0; number < count && !this.#closed; number++) {
      await this.#feed(number);
      this.share = (number + 1) / count;
      while (this.#isFull()) {
        yield* this.#frames.splice(0, 1);
        if (this.#isFull() && !this.#frames.length) await this.#something();
      }
    }
    if (!this.#closed) await this.#flush();
    yield* this.#frames.splice(0);
  }

  #isFull(): boolean {
    return (this.#decoder?.decodeQueueSize ?? 0) + this.#frames.length >= AT_ONCE;
  }

  /** Hands one frame to the decoder, or passes over it where nothing needs it. */
  async #feed(number: number): Promise<void> {
    const key = this.#track.samples.keys[number] === 1;
    const data = await this.#bytes(number);
    if (this.#closed || !data) return;
    if (!key && !isNeeded(data, this.#track.lengthBytes)) return;
    if (!this.#decoder && !key) return; // after damage: on from the next one that needs no other
    this.#decoder ??= this.#made();
    const timestamp = (1e6 * this.#track.samples.stamps[number]) / this.#track.scale;
    const chunk = { type: key ? "key" : "delta", timestamp, data } as const;
    this.#decoder.decode(new EncodedVideoChunk(chunk));
  }

  #made(): VideoDecoder {
    const decoder = new VideoDecoder({
      output: (frame) => {
        this.#frames.push(frame);
        this.#wake();
      },
      error: () => this.#fail(),
    });
    decoder.configure(this.#config);
    decoder.addEventListener("dequeue", () => this.#wake());
    return decoder;
  }

  /** Notes damage; a decoder that failed is closed already. */
  #fail(): void {
    this.#complete = false;
    this.#decoder = undefined;
    this.#wake();
  }

  #giveUp(): void {
    this.#decoder?.close();
    this.#fail();
  }

  /** Waits until the decoder has done something. */
  async #something(): Promise<void> {
    const silent = setTimeout(() => this.#giveUp(), PATIENCE);
    await new Promise<void>((done) => (this.#wake = done));
    clearTimeout(silent);
  }

  async #flush(): Promise<void> {
    const silent = setTimeout(() => this.#giveUp(), PATIENCE);
    await this.#decoder?.flush().catch(() => this.#fail()); // closing ends it, too
    clearTimeout(silent);
  }

  /** Returns the bytes of a frame; undefined if the file ends before. */
  async #bytes(number: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const at = this.#track.samples.places[number];
    const size = this.#track.samples.sizes[number];
    if (at + size > this.#file.size) {
      this.#complete = false;
      return undefined;
    }
    if (at < this.#piece.at || at + size > this.#piece.at + this.#piece.bytes.length) {
      const piece = this.#file.slice(at, at + Math.max(size, PIECE));
      this.#piece = { at, bytes: new Uint8Array(await piece.arrayBuffer()) };
    }
    return this.#piece.bytes.subarray(at - this.#piece.at, at - this.#piece.at + size);
  }
}

/** Returns the first configuration that this browser decodes; undefined if there is none. */
async function configOf(track: Track): Promise<VideoDecoderConfig | undefined> {
  const { codec, description, width, height } = track;
  const ways = ["prefer-software", "no-preference"] as const;
  for (const hardwareAcceleration of ways.slice(Number(width * height > SOFTWARE_PIXELS))) {
    const config = { codec, description, hardwareAcceleration };
    if ((await VideoDecoder.isConfigSupported(config)).supported) return config;
  }
  return undefined;
}

/** Says whether other frames need this one: its slices name a reference (ITU-T H.264, 7.4.1). */
export function isNeeded(frame: Uint8Array, lengthBytes: number): boolean {
  for (let at = 0; at + lengthBytes < frame.length; ) {
    let size = 0;
    for (let n = 0; n < lengthBytes; n++) size = size * 256 + frame[at + n];
    const head = frame[at + lengthBytes];
    const kind = head & 31;
    if (kind >= 1 && kind <= 5) return ((head >> 5) & 3) > 0;
    at += lengthBytes + size;
  }
  return true;
}
