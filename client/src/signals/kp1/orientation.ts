/** Which way a keypoint faces: where brightness rises most around it. Section 9. */

import type { Grey } from "../model.ts";
import { circleOf } from "./cosines.ts";

/** How far around a keypoint is looked, in sizes of it. */
const REACH = 4.5;
const BINS = 36;
const BIN_DEGREES = 10;
const BIN_RADIANS = 0.174532925;

/** Tangents of 5, 15 … 85 degrees: where one bin ends and the next begins. */
const SLOPES: readonly number[] = [
  0.087488664, 0.267949192, 0.466307658, 0.700207538, 1.0, 1.428148007, 2.144506921, 3.732050808,
  11.430052303,
];

/** Cosines of every bin's middle. */
const COSINES = circleOf([
  1, 0.984807753, 0.939692621, 0.866025404, 0.766044443, 0.64278761, 0.5, 0.342020143, 0.173648178,
  0,
]);

/** A direction from x towards y, which points down: -5 to 355 degrees. */
export interface Facing {
  readonly degrees: number;
  readonly cosine: number;
  readonly sine: number;
}

/** The direction of a place on a layer, all in pixels of it. */
export function facing(layer: Grey, x: number, y: number, size: number): Facing {
  const smooth = smoothed(directions(layer, x, y, REACH * size));
  const best = smooth.indexOf(Math.max(...smooth));
  const before = smooth[(best + BINS - 1) % BINS];
  const after = smooth[(best + 1) % BINS];
  const bend = before - 2 * smooth[best] + after;
  const offset = bend === 0 ? 0 : (0.5 * (before - after)) / bend;
  return turned(best, offset);
}

/** A bin and a part of one as an angle, by the table and a polynomial. */
function turned(bin: number, offset: number): Facing {
  const t = offset * BIN_RADIANS;
  const tt = t * t;
  const cosine = 1 - 0.5 * tt * (1 - (tt / 12) * (1 - tt / 30));
  const sine = t * (1 - (tt / 6) * (1 - tt / 20));
  const c = COSINES[bin];
  const s = COSINES[(bin + 27) % BINS];
  return {
    degrees: BIN_DEGREES * (bin + offset),
    cosine: c * cosine - s * sine,
    sine: s * cosine + c * sine,
  };
}

/** Slopes around a place added up by their direction, the nearer the more. */
function directions(layer: Grey, x: number, y: number, reach: number): Float64Array {
  const { width, height, data } = layer;
  const bins = new Float64Array(BINS);
  const last = Math.min(width - 2, Math.floor(x + reach));
  const bottom = Math.min(height - 2, Math.floor(y + reach));
  for (let v = Math.max(1, Math.ceil(y - reach)); v <= bottom; v++) {
    for (let u = Math.max(1, Math.ceil(x - reach)); u <= last; u++) {
      const share = 1 - ((u - x) * (u - x) + (v - y) * (v - y)) / (reach * reach);
      if (share <= 0) continue;
      const at = v * width + u;
      const along = data[at + 1] - data[at - 1];
      const down = data[at + width] - data[at - width];
      const length = Math.sqrt(along * along + down * down);
      bins[binOf(along, down)] += share * share * (share * share) * length;
    }
  }
  return bins;
}

/** The bin nearest to a direction. */
function binOf(along: number, down: number): number {
  const steep = Math.abs(down);
  const flat = Math.abs(along);
  let bin = 0;
  while (bin < SLOPES.length && steep > SLOPES[bin] * flat) bin++;
  if (along < 0) bin = BINS / 2 - bin;
  if (down < 0) bin = BINS - bin;
  return bin % BINS;
}

/** The bins blurred around the circle. */
function smoothed(bins: Float64Array): Float64Array {
  return bins.map((here, k) => {
    const near = bins[(k + BINS - 1) % BINS] + bins[(k + 1) % BINS];
    const far = bins[(k + BINS - 2) % BINS] + bins[(k + 2) % BINS];
    return (6 * here + 4 * near + far) / 16;
  });
}
