/**
 * One video's frames in, its signals out; memory does not grow with its length.
 *
 * Twin of `src/takeback/hashing/video.py` for what a reporter's device registers.
 */

import { describeBest } from "../kp1/index.ts";
import { MINIMUM_QUALITY, Sampler, coefficients, dihedralSignals, qualityOf } from "../pdq.ts";
import { Shrinker } from "../shrink.ts";
import { Border, type Waiting, cut } from "./borders.ts";
import type { Digests } from "./digests.ts";
import type { Luma } from "./luma.ts";
import type { KeptFrame, VideoSignals } from "./pack.ts";
import { EVERY, OTHER, Pace, SAME, Spread, differs } from "./scenes.ts";

/** Most whole-picture signals of a video, trimmed ones included. */
const MOST_SIGNALS = 3600;

/** Most frames of a video that have keypoint signals. */
const MOST_KEYPOINT_FRAMES = 60;

/** Milliseconds between frames whose keypoints are described, until they are too many. */
const CHOSEN_EVERY = 2000;

/** Most keypoints of a frame that are registered. */
const FRAME_KEYPOINTS = 40;

/** A frame with fewer keypoints says too little to be chosen. */
const LEAST_KEYPOINTS = 8;

/** Longest side of the picture whose keypoints are described. */
const DESCRIBED_SIDE = 512;

interface Hashed {
  readonly quality: number;
  readonly whole: string;
  trimmed: string;
}

/** Looks at the frames of one video, one after the other. */
export class VideoHasher {
  readonly #pace = new Pace();
  readonly #frames = new Spread<Hashed>(MOST_SIGNALS, EVERY);
  readonly #border = new Border<Hashed>();
  readonly #chosen = new Chosen();
  #kept: string | undefined;

  /** Milliseconds between frames that are worth looking at: more in long videos. */
  get every(): number {
    return this.#frames.cell;
  }

  /** Says whether the next frame is to be hashed whatever it shows. */
  isDue(time: number): boolean {
    return this.#pace.isDue(time);
  }

  /** Says whether to hash the next frame; of those of one video, all are large or all small. */
  wants(time: number, luma: Luma): boolean {
    return this.#pace.wants(time, luma);
  }

  /** Hashes a frame; it is kept if it has detail and is unlike the one before. */
  take(time: number, luma: Luma): void {
    const hashed = hash(luma);
    const { whole, quality } = hashed;
    if (quality >= MINIMUM_QUALITY && differs(whole, this.#kept, SAME)) {
      this.#keep(time, luma, hashed);
      this.#kept = whole;
    }
    this.#chosen.look(time, luma, whole);
  }

  /** Returns what was found in all frames together; there may be none. */
  signals(duration: number, complete: boolean, digests: Digests): VideoSignals {
    this.#trim(this.#border.rest());
    const bordered = this.#border.place !== undefined;
    this.#frames.most = bordered ? MOST_SIGNALS / 2 : MOST_SIGNALS;
    this.#frames.thin();
    const frames = this.#frames.items.map(({ time, kept }): KeptFrame => {
      const { quality, whole, trimmed } = kept;
      return bordered ? { time, quality, whole, trimmed } : { time, quality, whole };
    });
    return { duration, complete, frames, keypoints: this.#chosen.frames(), ...digests };
  }

  #keep(time: number, luma: Luma, hashed: Hashed): void {
    if (this.#frames.add(time, hashed)) this.#pace.slowDown(this.every);
    this.#trim(this.#border.add(luma, hashed));
  }

  /** Hashes frames without the border, as far as that is known. */
  #trim(waiting: readonly Waiting<Hashed>[]): void {
    const place = this.#border.place;
    if (!place) return;
    for (const { luma, kept } of waiting) kept.trimmed = hash(cut(luma, place)).whole;
  }
}

/** Frames whose keypoints are described: spread over time, unlike the one before, rich. */
class Chosen {
  readonly #described = new Spread<Uint8Array>(
    MOST_KEYPOINT_FRAMES,
    CHOSEN_EVERY,
    (packed) => packed.length,
  );
  #before: string | undefined;
  #due = 0;

  /** Looks at one more frame; little detail of the whole may be many keypoints. */
  look(time: number, luma: Luma, signal: string): void {
    if (time < this.#due || !differs(signal, this.#before, OTHER)) return;
    this.#before = signal;
    const { count, packed } = describeBest(fitted(luma), FRAME_KEYPOINTS);
    if (count >= LEAST_KEYPOINTS) this.#described.add(time, packed);
    const { cell } = this.#described;
    this.#due = (Math.floor(time / cell) + 1) * cell;
  }

  frames(): { time: number; packed: Uint8Array }[] {
    return this.#described.items.map(({ time, kept }) => ({ time, packed: kept }));
  }
}

function fitted(luma: Luma): ReturnType<Shrinker["picture"]> {
  const shrinker = new Shrinker(luma.width, luma.height, luma.turn, DESCRIBED_SIDE);
  shrinker.add(0, { rows: luma.height, grey: luma.pixels });
  return shrinker.picture();
}

/** Hashes one frame; without a border its signal stands for what is inside, too. */
function hash(luma: Luma): Hashed {
  const sampler = new Sampler(luma.width, luma.height, luma.turn);
  sampler.add(0, { rows: luma.height, grey: luma.pixels });
  const stretch = Math.fround(255 / luma.span);
  const samples = sampler.samples().map((sample) => (sample - luma.black) * stretch);
  const [whole] = dihedralSignals(coefficients(samples));
  const quality = qualityOf(samples.map((sample) => Math.min(255, Math.max(0, sample))));
  return { quality, whole, trimmed: whole };
}
