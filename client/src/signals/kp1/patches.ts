/** What surrounds a keypoint: a patch, as large and as turned as it is. Section 11. */

import type { Grey } from "../model.ts";
import { halved } from "./means.ts";
import type { Keypoint } from "./ranking.ts";

/** Samples along each side of a patch. */
export const SIDE = 32;

/** From one sample to the next, in sizes of the keypoint. */
const STEP = 0.3;
const LEVELS = 5;

/** How near to one pixel the samples of a level may lie. */
const COARSEST = 0.7;

/** Takes patches from a picture; large ones from a picture that was halved. */
export class Patches {
  readonly #levels: readonly Grey[];
  readonly #patch = new Float32Array(SIDE * SIDE);

  constructor(picture: Grey) {
    const levels = [picture];
    while (levels.length < LEVELS) levels.push(halved(levels[levels.length - 1]));
    this.#levels = levels;
  }

  /** Samples the patch of a keypoint; the next call overwrites it. */
  of(keypoint: Keypoint): Float32Array {
    const step = STEP * keypoint.size;
    let level = 0;
    while (level < LEVELS - 1 && COARSEST * step >= 2 ** (level + 1)) level++;
    sample(this.#levels[level], 2 ** level, keypoint, step, this.#patch);
    return this.#patch;
  }
}

function sample(
  picture: Grey,
  power: number,
  keypoint: Keypoint,
  step: number,
  patch: Float32Array,
): void {
  const { x, y, cosine, sine } = keypoint;
  for (let j = 0; j < SIDE; j++) {
    const down = (j + 0.5 - SIDE / 2) * step;
    for (let i = 0; i < SIDE; i++) {
      const across = (i + 0.5 - SIDE / 2) * step;
      const u = (x + (across * cosine - down * sine) + 0.5) / power - 0.5;
      const v = (y + (across * sine + down * cosine) + 0.5) / power - 0.5;
      patch[j * SIDE + i] = valueAt(picture, u, v);
    }
  }
}

/** The value between pixels; beyond the border, the border's. */
function valueAt(picture: Grey, u: number, v: number): number {
  const { width, height, data } = picture;
  const across = Math.min(Math.max(u, 0), width - 1);
  const down = Math.min(Math.max(v, 0), height - 1);
  const x = Math.floor(across);
  const y = Math.floor(down);
  const above = y * width;
  const below = Math.min(y + 1, height - 1) * width;
  const after = Math.min(x + 1, width - 1);
  const upper = between(data[above + x], data[above + after], across - x);
  const lower = between(data[below + x], data[below + after], across - x);
  return between(upper, lower, down - y);
}

function between(first: number, second: number, share: number): number {
  return first + share * (second - first);
}
