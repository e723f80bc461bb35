/**
 * The frames of a video that only `<video>` can read, one a second, by seeking.
 *
 * The element is never put into the page and never heard. Its address names a file in memory and
 * is taken back at the end.
 */

import { NoSignals } from "../model.ts";
import { LONGEST } from "./clock.ts";
import type { Shown } from "./luma.ts";
import type { Ending } from "./messages.ts";

/** Milliseconds after which a video that does not answer is given up. */
const PATIENCE = 30_000;

/** Later than any video ends, in seconds: going there tells how long one is that does not say. */
const FAR = 1e7;

/** Milliseconds by which sound may outlast the picture, or a last frame be left out. */
const SLACK = 500;

/** Milliseconds in which a frame that was found is shown, at the latest. */
const SHOWING = 250;

/** So many times the first frame is waited for. */
const MOST_WAITS = 20;

/** After so many times that nothing new was shown, nothing is waited for. */
const MOST_STALE = 3;

/** How files begin that may tell players to turn their frames: MP4 and MOV. */
const TURNING = /^(?:ftyp|moov|mdat|wide|free|skip|pnot)$/;

/** A frame as it is shown. */
export interface ShownFrame {
  /** Milliseconds from the first frame. */
  readonly time: number;
  readonly shown: Shown;
}

/** Plays one video in steps. */
export class Element {
  /** Share of the video that was seen, 0 to 1. */
  share = 0;
  readonly #video = document.createElement("video");
  readonly #address: string;
  readonly #stop: AbortSignal;
  #upright = false;
  #answers = true;
  #last = 0;
  #lasts = 0;
  #every = 0;
  #stale = 0;
  #showing = -1;
  #heard = (): void => undefined;

  private constructor(file: File, stop: AbortSignal) {
    this.#address = URL.createObjectURL(file);
    this.#stop = stop;
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.preload = "auto";
    this.#listen();
  }

  /**
   * Opens a file.
   *
   * @throws NoSignals: this browser can't play it, or it has no picture.
   */
  static async open(file: File, stop: AbortSignal): Promise<Element> {
    const element = new Element(file, stop);
    try {
      element.#upright = await framesAreUpright(file);
      await element.#load();
      return element;
    } catch (error) {
      element.close();
      throw error;
    }
  }

  /** How the reading ended. */
  get ending(): Ending {
    const read = Math.min(this.#last + this.#every, 1000 * this.#video.duration);
    const complete = this.#answers && read + SLACK >= this.#lasts;
    return { complete, duration: Math.max(1, this.#last, complete ? this.#lasts : 0) };
  }

  /** Yields a frame each time that *every()* milliseconds have passed. */
  async *frames(every: () => number): AsyncGenerator<ShownFrame> {
    this.#lasts = await this.#length();
    const first = await this.#first();
    yield { time: 0, shown: first.shown };
    for (let target = every(); target < this.#lasts; target = after(target, every())) {
      this.#every = every();
      if (!(await this.#seek(first.time + target))) return;
      const frame = await this.#fresh(first.time, target);
      this.share = target / this.#lasts;
      if (frame) yield frame;
    }
  }

  /** Takes the address back and lets the video go. */
  close(): void {
    this.#video.removeAttribute("src");
    this.#video.load();
    URL.revokeObjectURL(this.#address);
  }

  async #load(): Promise<void> {
    const loaded = this.#told("loadeddata");
    this.#video.src = this.#address;
    if (!(await loaded)) throw new NoSignals(this.#reason());
    if (!this.#video.videoWidth) throw new NoSignals("no_frames");
  }

  #reason(): "not_readable" | "no_frames" {
    const refused = this.#video.error?.code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED;
    return refused ? "not_readable" : "no_frames";
  }

  /** Returns how many milliseconds the video lasts; of one that does not say, by going there. */
  async #length(): Promise<number> {
    if (!Number.isFinite(this.#video.duration)) {
      await this.#seek(1000 * FAR);
      await this.#seek(0);
      await this.#next();
    }
    const lasts = Math.round(1000 * this.#video.duration);
    this.#answers &&= Number.isFinite(lasts);
    if (this.#answers && lasts > LONGEST) throw new NoSignals("too_large");
    return this.#answers ? lasts : 0;
  }

  /** Goes to a time, and says whether the video got there; once it did not, it is left alone. */
  async #seek(milliseconds: number): Promise<boolean> {
    if (!this.#answers) return false;
    const there = this.#told("seeked");
    this.#video.currentTime = milliseconds / 1000;
    this.#answers = (await there) && (this.#hasFrame() || (await this.#told("canplay")));
    return this.#answers;
  }

  #hasFrame(): boolean {
    return this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  /** Waits for an event; false if an error, a stop or nothing at all comes instead. */
  #told(event: "loadeddata" | "seeked" | "canplay"): Promise<boolean> {
    const heard = new AbortController();
    return new Promise<boolean>((done) => {
      const { signal } = heard;
      this.#video.addEventListener(event, () => done(true), { signal });
      this.#video.addEventListener("error", () => done(false), { signal });
      this.#stop.addEventListener("abort", () => done(false), { signal });
      const silent = setTimeout(() => done(false), PATIENCE);
      signal.addEventListener("abort", () => clearTimeout(silent));
    }).finally(() => heard.abort());
  }

  /** Takes the first frame, which a busy phone may show some time after it has been loaded. */
  async #first(): Promise<ShownFrame> {
    for (let waited = 0; waited < MOST_WAITS; waited++) {
      const first = await this.#shown(0);
      if (first) return first;
      await this.#next();
    }
    throw new NoSignals("no_frames");
  }

  /**
   * Takes what is shown at a time if it is new: what was shown before may still be, or still stand
   * there for a moment until the frame that was found is shown.
   */
  async #fresh(begin: number, target: number): Promise<ShownFrame | undefined> {
    for (let waited = 0; ; waited++) {
      const frame = await this.#shown(begin + target);
      if (frame && frame.time - begin > this.#last) {
        this.#last = frame.time - begin;
        this.#stale = 0;
        return { time: this.#last, shown: frame.shown };
      }
      frame?.shown.close();
      if (waited || this.#stale >= MOST_STALE) break;
      await this.#next();
    }
    this.#stale++;
    return undefined;
  }

  /** Waits until another frame is shown, for a moment. */
  async #next(): Promise<void> {
    const silent = new Promise<void>((done) => setTimeout(done, SHOWING));
    await Promise.race([silent, new Promise<void>((done) => (this.#heard = done))]);
  }

  /** Hears of every frame that is shown, in browsers that tell. */
  #listen(): void {
    this.#video.requestVideoFrameCallback?.((_, { mediaTime }) => {
      this.#showing = Math.round(1000 * mediaTime);
      this.#heard();
      this.#listen();
    });
  }

  /** Takes what is shown now: the decoder's own frame, or a picture where that could lie wrong. */
  async #shown(target: number): Promise<ShownFrame | undefined> {
    try {
      const shown = this.#upright
        ? new VideoFrame(this.#video)
        : await createImageBitmap(this.#video);
      const stamp = "timestamp" in shown ? Math.round(shown.timestamp / 1000) : 0; // or it has none
      return { time: stamp || (this.#showing < 0 ? target : this.#showing), shown };
    } catch {
      return undefined; // browsers throw where a video has no frame to show
    }
  }
}

/** Says whether a decoder's frames are upright, or say how they lie, as those of 2025 do. */
async function framesAreUpright(file: Blob): Promise<boolean> {
  if (!("VideoFrame" in globalThis)) return false;
  const begin = await file.slice(4, 8).text();
  return "rotation" in VideoFrame.prototype || !TURNING.test(begin);
}

/** Returns the next time that is a multiple of *every*. */
function after(time: number, every: number): number {
  return (Math.floor(time / every) + 1) * every;
}
