/**
 * Which frames of a video stand for it: one a second and after every cut, without repeats.
 *
 * Twin of `src/takeback/hashing/scenes.py`, for what a reporter's device registers. Everything
 * here is bounded whatever the length of the video.
 */

import { distance } from "../pdq.ts";
import type { Luma } from "./luma.ts";

/** Milliseconds between frames that are hashed. */
export const EVERY = 1000;

/** A frame within so many bits of the one kept before it is left out. */
export const SAME = 6;

/** A chosen frame is further than this many bits from the one chosen before it. */
export const OTHER = 24;

/** Points along each side of the tiny sample in which cuts are looked for. */
const SAMPLE_SIDE = 24;

/** Mean change of a sample, in levels of 255, from one frame to the next that may be a cut … */
const CUT_LEVELS = 22;

/** … if it is also so many times the usual change. */
const CUT_FACTOR = 3;

/** Milliseconds between two frames that are hashed, at least, however often there are cuts. */
const LEAST_GAP = 250;

/** Says of each decoded frame whether it is to be hashed. */
export class Pace {
  #every = EVERY;
  #due = 0;
  #last = -LEAST_GAP;
  #before: Uint8Array | undefined;
  #usual = 0;

  /** Says whether the frame at that time, in milliseconds, is to be hashed whatever it shows. */
  isDue(time: number): boolean {
    return time >= this.#due;
  }

  /** Says whether to hash the frame at that time. */
  wants(time: number, luma: Luma): boolean {
    const cut = this.#isCut(luma) && time >= this.#last + LEAST_GAP;
    if (!cut && !this.isDue(time)) return false;
    if (this.isDue(time)) this.#due = (Math.floor(time / this.#every) + 1) * this.#every;
    this.#last = time;
    return true;
  }

  /** Takes a frame every so many milliseconds from now on. */
  slowDown(every: number): void {
    this.#every = every;
  }

  #isCut(luma: Luma): boolean {
    const sample = sampleOf(luma);
    const before = this.#before;
    this.#before = sample;
    if (before?.length !== sample.length) return true;
    const change = meanChange(sample, before);
    const usual = this.#usual;
    this.#usual = 0.9 * usual + 0.1 * Math.min(change, CUT_LEVELS);
    return change > Math.max(CUT_LEVELS, CUT_FACTOR * usual);
  }
}

function sampleOf({ width, height, pixels }: Luma): Uint8Array {
  const rows = Math.max(1, Math.floor(height / SAMPLE_SIDE));
  const columns = Math.max(1, Math.floor(width / SAMPLE_SIDE));
  const sample: number[] = [];
  for (let y = Math.floor(rows / 2); y < height; y += rows) {
    for (let x = Math.floor(columns / 2); x < width; x += columns) {
      sample.push(pixels[y * width + x]);
    }
  }
  return Uint8Array.from(sample);
}

function meanChange(sample: Uint8Array, before: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < sample.length; at++) sum += Math.abs(sample[at] - before[at]);
  return sum / sample.length;
}

/** Something that belongs to a time in milliseconds. */
export interface Timed<Kept> {
  readonly time: number;
  readonly kept: Kept;
}

/**
 * Keeps at most so many things, evenly spread over time.
 *
 * When there are too many, time is cut into cells of one length, and each keeps the best that lies
 * in it, the first among equals. When that is too many still, cells become twice as long.
 */
export class Spread<Kept> {
  /** What is kept, ascending by time. */
  items: Timed<Kept>[] = [];
  /** How many things are kept at most. */
  most: number;
  /** Length of a cell in milliseconds. */
  cell: number;
  readonly #worth: (kept: Kept) => number;

  constructor(most: number, cell: number, worth: (kept: Kept) => number = () => 0) {
    this.most = most;
    this.cell = cell;
    this.#worth = worth;
  }

  /** Adds something later than all before, and says whether it had to be thinned. */
  add(time: number, kept: Kept): boolean {
    this.items.push({ time, kept });
    return this.thin();
  }

  /** Makes room, and says whether that was needed. */
  thin(): boolean {
    const needed = this.items.length > this.most;
    while (this.items.length > this.most) {
      this.#mergeCells();
      if (this.items.length > this.most) this.cell *= 2;
    }
    return needed;
  }

  #mergeCells(): void {
    const best = new Map<number, Timed<Kept>>();
    for (const item of this.items) {
      const cell = Math.floor(item.time / this.cell);
      const other = best.get(cell);
      if (!other || this.#worth(item.kept) > this.#worth(other.kept)) best.set(cell, item);
    }
    this.items = [...best.values()];
  }
}

/** Says whether a frame is further than so many bits from an earlier one, if there is one. */
export function differs(signal: string, before: string | undefined, bits: number): boolean {
  return before === undefined || distance(signal, before) > bits;
}
