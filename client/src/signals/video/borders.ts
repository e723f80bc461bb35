/**
 * The flat border that all frames of a video have in common.
 *
 * Twin of `src/takeback/hashing/borders.py`. One frame may be dark at its edge; a border is where
 * no frame ever showed anything. So the part inside only ever grows, and a few frames are waited
 * for before the first is trimmed.
 */

import type { Luma } from "./luma.ts";

/** Part of a frame: left, top, right and bottom, in parts of its sides. */
export type Place = readonly [number, number, number, number];

/** Mean distance of a row's levels from their mean, up to which it is flat. */
const FLAT = 3;

/** Share of a side that a border takes at least. */
const LEAST_BORDER = 0.01;

/** Share of a side that the part inside takes at least; less is a mistake, or of no use. */
const LEAST_INSIDE = 0.2;

/** Brightness of frames that is held while the border is not known yet, in bytes. */
const WAITING_BYTES = 24 << 20;

/** Frames that are waited for at most. */
const MOST_WAITING = 24;

/** Of each row every twentieth pixel is looked at. */
const STRIDE = 20;

const EVERYWHERE: Place = [0, 0, 1, 1];

/** Returns the part of a frame inside its flat border; undefined if all of it is flat. */
export function inside({ width, height, pixels }: Luma): Place | undefined {
  const rows = extent(height, width, (y, x) => pixels[y * width + x]);
  if (!rows) return undefined;
  const [top, bottom] = rows;
  const columns = extent(width, bottom - top, (x, y) => pixels[(top + y) * width + x]) ?? [0, 0];
  return [columns[0] / width, top / height, columns[1] / width, bottom / height];
}

/** Returns the first line that is not flat, and the one after the last. */
function extent(
  lines: number,
  length: number,
  level: (line: number, at: number) => number,
): [number, number] | undefined {
  const detailed = (line: number): boolean => spreadOf(line, length, level) > FLAT;
  let first = 0;
  while (first < lines && !detailed(first)) first++;
  if (first === lines) return undefined;
  let last = lines - 1;
  while (!detailed(last)) last--;
  return [first, last + 1];
}

/** Returns the mean distance of a line's levels from their mean. */
function spreadOf(
  line: number,
  length: number,
  level: (line: number, at: number) => number,
): number {
  const levels: number[] = [];
  for (let at = 0; at < length; at += STRIDE) levels.push(level(line, at));
  const mean = levels.reduce((sum, one) => sum + one, 0) / levels.length;
  return levels.reduce((sum, one) => sum + Math.abs(one - mean), 0) / levels.length;
}

/** Returns that part of a frame. */
export function cut(luma: Luma, place: Place): Luma {
  const [left, right] = [Math.round(place[0] * luma.width), Math.round(place[2] * luma.width)];
  const [top, bottom] = [Math.round(place[1] * luma.height), Math.round(place[3] * luma.height)];
  const width = right - left;
  const height = bottom - top;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * luma.width + left;
    pixels.set(luma.pixels.subarray(from, from + width), y * width);
  }
  return { ...luma, width, height, pixels };
}

/** A frame that waits for the border, or can be trimmed now. */
export interface Waiting<Kept> {
  readonly luma: Luma;
  readonly kept: Kept;
}

/** What is known of a video's border so far, and the frames that wait for it. */
export class Border<Kept> {
  #inside: Place | undefined;
  #waiting: Waiting<Kept>[] | undefined = [];

  /** The part inside; undefined if there is no border worth trimming. */
  get place(): Place | undefined {
    const place = this.#inside;
    if (!place || Math.min(place[2] - place[0], place[3] - place[1]) < LEAST_INSIDE) {
      return undefined;
    }
    const worth = place.some((side, at) => Math.abs(side - EVERYWHERE[at]) >= LEAST_BORDER);
    return worth ? place : undefined;
  }

  /** Looks at one more frame, and returns those that can be trimmed now. */
  add(luma: Luma, kept: Kept): Waiting<Kept>[] {
    if (this.#waiting || this.place) this.#grow(inside(luma));
    if (!this.#waiting) return [{ luma, kept }];
    this.#waiting.push({ luma, kept });
    const size = luma.width * luma.height;
    const enough = Math.min(MOST_WAITING, Math.floor(WAITING_BYTES / Math.max(1, size)));
    return this.#waiting.length >= enough ? this.rest() : [];
  }

  /** Returns the frames that still wait; none will wait from now on. */
  rest(): Waiting<Kept>[] {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    return waiting;
  }

  #grow(here: Place | undefined): void {
    if (here) this.#inside = this.#inside ? together(this.#inside, here) : here;
  }
}

/** Returns the smallest place that holds both. */
function together(a: Place, b: Place): Place {
  const left = Math.min(a[0], b[0]);
  const top = Math.min(a[1], b[1]);
  return [left, top, Math.max(a[2], b[2]), Math.max(a[3], b[3])];
}
