/**
 * Banded matrices, and the two passes that every small picture is made by.
 *
 * Blurring, sampling and area means are linear and separable: what is wanted is `A · L · Bᵀ`
 * with two narrow matrices, and each pixel is read no more often than bands overlap.
 */

import type { Planes } from "./brightness.ts";

/** How each row of the result weighs the pixels of one side. */
export interface Band {
  /** The first pixel that each looks at. */
  readonly first: Int32Array;
  /** How many it looks at. */
  readonly count: Int32Array;
  /** Their weights, one list after the other. */
  readonly weights: Float64Array;
  /** Where in `weights` the list of each begins. */
  readonly start: Int32Array;
}

/** Some rows of a picture, each value a whole number from 0 to 255, row by row. */
export interface Strip {
  readonly rows: number;
  /** Brightness. */
  readonly grey: Uint8Array;
  /** Red, green and blue, of pictures so small that rounded brightness would move bits. */
  readonly colour?: Planes;
}

/** Puts lists of weights together. */
export function band(lists: readonly { first: number; weights: readonly number[] }[]): Band {
  const start = new Int32Array(lists.length);
  for (let k = 1; k < lists.length; k++) start[k] = start[k - 1] + lists[k - 1].weights.length;
  return {
    first: Int32Array.from(lists, (list) => list.first),
    count: Int32Array.from(lists, (list) => list.weights.length),
    weights: Float64Array.from(lists.flatMap((list) => list.weights)),
    start,
  };
}

/** Adds up a picture, strip by strip, to `A · L · Bᵀ`. */
export class Gather {
  /** The result, row by row. */
  readonly total: Float64Array;
  readonly #rows: Band;
  readonly #columns: Band;
  readonly #width: number;
  readonly #sums: Float64Array;

  constructor(width: number, rows: Band, columns: Band) {
    this.#width = width;
    this.#rows = rows;
    this.#columns = columns;
    this.#sums = new Float64Array(width);
    this.total = new Float64Array(rows.first.length * columns.first.length);
  }

  /** Adds one channel of rows *top* onwards, times its share. */
  add(top: number, pixels: Uint8Array, share = 1): void {
    const { first, count, weights, start } = this.#rows;
    const end = top + pixels.length / this.#width;
    for (let k = 0; k < first.length; k++) {
      const from = Math.max(top, first[k]);
      const to = Math.min(end, first[k] + count[k]);
      if (from >= to) continue;
      const list = weights.subarray(start[k] + from - first[k], start[k] + to - first[k]);
      this.#sums.fill(0);
      addRows(pixels.subarray((from - top) * this.#width), list, this.#sums);
      weighColumns(this.#sums, this.#columns, share, this.total, k * this.#columns.first.length);
    }
  }
}

/** Adds rows of pixels, each times its weight; four at a time, which is twice as fast. */
function addRows(pixels: Uint8Array, weights: Float64Array, sums: Float64Array): void {
  const width = sums.length;
  let row = 0;
  for (; row + 4 <= weights.length; row += 4) {
    const [a, b, c, d] = weights.subarray(row, row + 4);
    const p = row * width;
    const q = p + width;
    const r = q + width;
    const s = r + width;
    for (let x = 0; x < width; x++) {
      sums[x] += a * pixels[p + x] + b * pixels[q + x] + c * pixels[r + x] + d * pixels[s + x];
    }
  }
  for (; row < weights.length; row++) {
    const weight = weights[row];
    const p = row * width;
    for (let x = 0; x < width; x++) sums[x] += weight * pixels[p + x];
  }
}

/** Adds each column's share of one row of sums to the result. */
function weighColumns(
  sums: Float64Array,
  columns: Band,
  share: number,
  total: Float64Array,
  at: number,
): void {
  const { first, count, weights, start } = columns;
  for (let k = 0; k < first.length; k++) {
    let value = 0;
    for (let n = 0; n < count[k]; n++) value += weights[start[k] + n] * sums[first[k] + n];
    total[at + k] += share * value;
  }
}
