/**
 * Exact area means: a picture of any size becomes a small grey one, strip by strip.
 *
 * Sums are of whole numbers, below 2 to the 53rd, so they do not depend on the order of adding.
 * Specified in docs/reference/signals.md, section 2.
 */

import { type Band, Gather, type Strip, band } from "./bands.ts";
import type { Grey } from "./model.ts";
import { copied, partOf, upright } from "./parts.ts";
import { AS_STORED, type Turn } from "./upright.ts";

/** Returns width and height scaled so that neither is above *longest*; never enlarged. */
export function fitted(width: number, height: number, longest: number): [number, number] {
  const side = Math.max(width, height);
  if (side <= longest) return [width, height];
  return [scaled(width, longest, side), scaled(height, longest, side)];
}

function scaled(pixels: number, longest: number, side: number): number {
  return Math.max(1, Math.floor((2 * pixels * longest + side) / (2 * side)));
}

/** Adds up a picture, strip by strip, to the means of a small upright grey picture. */
export class Shrinker {
  readonly #gather: Gather;
  readonly #size: [number, number];
  readonly #pixels: number;
  readonly #turn: Turn;

  /** Prepares for a picture stored as *height* rows of *width* pixels. */
  constructor(width: number, height: number, turn: Turn, longest: number) {
    this.#size = fitted(width, height, longest);
    const [columns, rows] = this.#size;
    this.#gather = new Gather(width, shares(height, rows), shares(width, columns));
    this.#pixels = width * height;
    this.#turn = turn;
  }

  /** Adds rows *top* onwards. */
  add(top: number, strip: Strip): void {
    this.#gather.add(top, strip.grey);
  }

  /** Returns the small upright picture. */
  picture(): Grey {
    const [width, height] = this.#size;
    const { total } = this.#gather;
    const data = new Float32Array(total.length);
    for (let at = 0; at < total.length; at++) data[at] = total[at] / this.#pixels;
    const stored = { width, height, data };
    return this.#turn === AS_STORED ? stored : copied(upright(partOf(stored), this.#turn));
  }
}

/** Returns the whole-number share that each small pixel has of each large one, along one side. */
function shares(large: number, small: number): Band {
  return band(
    Array.from({ length: small }, (_, k) => {
      const begin = k * large;
      const end = begin + large;
      const first = Math.floor(begin / small);
      const count = Math.ceil(end / small) - first;
      const share = (_: unknown, n: number): number =>
        Math.min(end, (first + n + 1) * small) - Math.max(begin, (first + n) * small);
      return { first, weights: Array.from({ length: count }, share) };
    }),
  );
}
