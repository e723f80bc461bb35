/** Keypoint signals as bytes. Section 15. */

import type { Grey } from "../model.ts";
import { writeBits } from "./bits.ts";
import { Patches } from "./patches.ts";
import { sidesOf, type Place, type PlacedKeypoint } from "./places.ts";

const SIGNAL_BYTES = 32;
const PACKED_BYTES = SIGNAL_BYTES + 3;

/** Packs the signals of the keypoints, with how wide and high their picture is. */
export function packed(picture: Grey, chosen: readonly PlacedKeypoint[]): Uint8Array {
  const bytes = new Uint8Array(2 + chosen.length * PACKED_BYTES);
  const patches = new Patches(picture);
  const { width, height } = sidesOf(picture);
  bytes.set([width, height]);
  for (const [row, { keypoint, place }] of chosen.entries()) {
    const start = 2 + row * PACKED_BYTES;
    writeBits(patches.of(keypoint), bytes.subarray(start, start + SIGNAL_BYTES));
    bytes.set(octets(place), start + SIGNAL_BYTES);
  }
  return bytes;
}

/** Six bits of x and of y, four of size, five of turn and three zeros. */
function octets({ x, y, size, turn }: Place): [number, number, number] {
  const number = (x << 18) | (y << 12) | (size << 8) | (turn << 3);
  return [number >> 16, (number >> 8) & 255, number & 255];
}
