/** A patch as 256 signs: its low frequencies, each above the median of all or not. Section 12. */

import { circleOf } from "./cosines.ts";
import { SIDE } from "./patches.ts";

const FREQUENCIES = 16;

/** Cosines of 0, 1 … 32 times π ÷ 64, and on around the circle. */
const CIRCLE = circleOf([
  1, 0.998795456, 0.995184727, 0.98917651, 0.98078528, 0.970031253, 0.956940336, 0.941544065,
  0.923879533, 0.903989293, 0.881921264, 0.85772861, 0.831469612, 0.803207531, 0.773010453,
  0.740951125, 0.707106781, 0.671558955, 0.634393284, 0.595699304, 0.555570233, 0.514102744,
  0.471396737, 0.427555093, 0.382683432, 0.336889853, 0.290284677, 0.24298018, 0.195090322,
  0.146730474, 0.09801714, 0.049067674, 0,
]);

/** Of every sample, for every frequency from 1 on. */
const COSINES = Float64Array.from({ length: SIDE * FREQUENCIES }, (_, at) => {
  const [place, frequency] = [Math.floor(at / FREQUENCIES), (at % FREQUENCIES) + 1];
  return CIRCLE[((2 * place + 1) * frequency) % CIRCLE.length];
});

/** Low frequencies first, so that the first half of the bits is a coarser signal by itself. */
const BIT_ORDER = Array.from({ length: FREQUENCIES * FREQUENCIES }, (_, at) => at).sort(
  (a, b) => sumOf(a) - sumOf(b) || a - b,
);

function sumOf(coefficient: number): number {
  return Math.floor(coefficient / FREQUENCIES) + (coefficient % FREQUENCIES);
}

/** Writes the 32 bytes of a patch's bits. */
export function writeBits(patch: Float32Array, bytes: Uint8Array): void {
  const found = transformed(patch);
  const middle = found.length / 2;
  const rising = found.slice().sort();
  const median = (rising[middle - 1] + rising[middle]) / 2;
  bytes.fill(0);
  for (const [place, coefficient] of BIT_ORDER.entries()) {
    if (found[coefficient] > median) bytes[place >> 3] |= 0x80 >> (place & 7);
  }
}

/** The lowest frequencies, downwards then across: sums along rows first, then down columns. */
function transformed(patch: Float32Array): Float32Array {
  const row = new Float64Array(FREQUENCIES);
  const sums = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (let j = 0; j < SIDE; j++) {
    row.fill(0);
    for (let i = 0; i < SIDE; i++) {
      const value = patch[j * SIDE + i];
      for (let k = 0; k < FREQUENCIES; k++) row[k] += value * COSINES[i * FREQUENCIES + k];
    }
    for (let at = 0; at < sums.length; at++) {
      sums[at] += COSINES[j * FREQUENCIES + (at >> 4)] * row[at & 15];
    }
  }
  return Float32Array.from(sums);
}
