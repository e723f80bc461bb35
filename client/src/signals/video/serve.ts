/** The Worker's side: one video, step by step as the page asks, so that it can rest or stop. */

import { type MadeSignals, NoSignals } from "../model.ts";
import { MINIMUM_QUALITY } from "../pdq.ts";
import { base64url, hex } from "../text.ts";
import { LONGEST } from "./clock.ts";
import { type Frame, Reader } from "./decoder.ts";
import { digests } from "./digests.ts";
import { VideoHasher } from "./hasher.ts";
import { type Shown, glance, isPlanar, lumaOf } from "./luma.ts";
import type { Answer, Ask, Ending } from "./messages.ts";
import { type VideoSignals, pack } from "./pack.ts";

/** Milliseconds of work between two answers. */
const MOMENT = 100;

/** Milliseconds between frames that are glanced at, where reading one takes long. */
const GLANCE_EVERY = 100;

/** Share of the work that is left for the file's digests. */
const DIGESTING = 0.05;

const NOTHING: Ending = { duration: 0, complete: false };

/** Answers what a page asks about one video, until it stops or everything is made. */
export function serveVideo(port: MessagePort): void {
  const video = new Video();
  port.onmessage = async ({ data }: MessageEvent<Ask>) => {
    const answer = await answered(video, data);
    if ("stop" in data) port.close();
    else port.postMessage(answer);
  };
}

async function answered(video: Video, ask: Ask): Promise<Answer> {
  try {
    return await video.answer(ask);
  } catch (error) {
    video.close();
    return { trouble: error instanceof NoSignals ? error.trouble : "damaged" };
  }
}

/** What is known of one video so far. */
class Video {
  readonly #hasher = new VideoHasher();
  #file = new Blob();
  #glanceAt = 0;
  #reader: Reader | undefined;
  #frames: AsyncGenerator<Frame> | undefined;
  #digesting: ReturnType<typeof digests> | undefined;

  async answer(ask: Ask): Promise<Answer> {
    if ("open" in ask) return this.#open(ask.open);
    if ("read" in ask) return this.#read();
    if ("frame" in ask) return this.#take(ask.frame, ask.time);
    if ("finish" in ask) return this.#finish(ask.finish);
    this.close();
    return {};
  }

  /** Gives back what is held. */
  close(): void {
    this.#reader?.close();
  }

  async #open(file: File): Promise<Answer> {
    this.#file = file;
    this.#reader = await Reader.open(file);
    this.#frames = this.#reader?.frames();
    return { reads: this.#reader !== undefined };
  }

  async #read(): Promise<Answer> {
    const until = performance.now() + MOMENT;
    const share = 1 - DIGESTING;
    while (performance.now() < until) {
      const next = await this.#frames?.next();
      if (!next || next.done) return { ending: this.#reader?.ending ?? NOTHING, share };
      await this.#look(next.value);
    }
    return { share: share * (this.#reader?.share ?? 0) };
  }

  /** Hashes a frame if it is one that stands for others. */
  async #look({ time, shown, degrees }: Frame): Promise<void> {
    if (isPlanar(shown)) {
      const luma = await lumaOf(shown, degrees);
      if (this.#hasher.wants(time, luma)) this.#hasher.take(time, luma);
    } else if (this.#isGlanced(time) && this.#hasher.wants(time, glance(shown))) {
      this.#hasher.take(time, await lumaOf(shown, degrees));
    } else {
      shown.close();
    }
  }

  /** Says whether to glance at a frame, which is slow where a phone's own circuits hold it. */
  #isGlanced(time: number): boolean {
    const glanced = time >= this.#glanceAt || this.#hasher.isDue(time);
    if (glanced) this.#glanceAt = time + GLANCE_EVERY;
    return glanced;
  }

  async #take(shown: Shown, time: number): Promise<Answer> {
    this.#hasher.take(time, await lumaOf(shown));
    return { every: this.#hasher.every };
  }

  /** Makes the digests, for a moment at a time, and then puts everything together. */
  async #finish(ending: Ending): Promise<Answer> {
    if (!ending.duration) throw new NoSignals("no_frames");
    if (ending.duration > LONGEST) throw new NoSignals("too_large");
    this.#digesting ??= digests(this.#file);
    const until = performance.now() + MOMENT;
    for (;;) {
      const next = await this.#digesting.next();
      if (next.done) {
        const { duration, complete } = ending;
        return { made: madeOf(this.#hasher.signals(duration, complete, next.value)) };
      }
      if (performance.now() >= until) return { share: 1 - DIGESTING * (1 - next.value) };
    }
  }
}

/** Writes the signals as the documents of a registration, in the order of the command line. */
function madeOf(signals: VideoSignals): MadeSignals {
  const quality = Math.max(0, ...signals.frames.map((frame) => frame.quality));
  if (quality < MINIMUM_QUALITY) throw new NoSignals("flat");
  const documents = (keypoints: boolean): MadeSignals["plain"] => [
    { type: "video1", value: base64url(pack(signals, keypoints)) },
    { type: "md5", value: hex(signals.md5) },
  ];
  return {
    kind: "video",
    quality,
    plain: documents(false),
    withKeypoints: documents(true),
    frames: signals.frames.length,
    complete: signals.complete,
  };
}
