/**
 * Keypoint signals, `kp1`: what parts of a picture look like, and where they are.
 *
 * The twin of `src/takeback/hashing/keypoints.py`, for what a reporter's device registers. Both
 * follow docs/reference/signals.md to the last bit and are held to vectors/kp1.json; comments
 * in this folder name that page's sections. Numbers are doubles, pictures single precision and
 * sums in the order written, so nothing here may be reordered to be faster.
 */

import type { Grey } from "../model.ts";
import { sharedOut } from "./choice.ts";
import { shrunk } from "./means.ts";
import { packed } from "./pack.ts";
import { placeOf, sidesOf, type PlacedKeypoint } from "./places.ts";
import { DESCRIBED_SIDE, keypoints } from "./ranking.ts";
import { scaleSpace } from "./scalespace.ts";

/** How many keypoints of a picture may be registered. */
export const MOST_REGISTERED = 80;

/** Of how many, best first, they are chosen. */
const CHOSEN_FROM = 300;

/** Longest side of the picture that is searched for keypoints; patches are of the larger one. */
const SEARCHED_SIDE = 256;

/** The keypoint signals of one picture. */
export interface PackedKeypoints {
  readonly count: number;
  /** Two bytes, and 35 for each. */
  readonly packed: Uint8Array;
}

/**
 * Fits a grey picture, or what is inside its frame, to the 512 pixels that are described.
 *
 * Of whole numbers every sum is exact, so a picture may as well have been added up in strips.
 */
export function toDescribe(look: Grey): Grey {
  return shrunk(look, DESCRIBED_SIDE);
}

/** Describes at most `most` keypoints, from all over what `toDescribe` returned. */
export function describeRegistered(picture: Grey, most = MOST_REGISTERED): PackedKeypoints {
  const chosen = sharedOut(found(picture, CHOSEN_FROM), sidesOf(picture), most);
  return { count: chosen.length, packed: packed(picture, chosen) };
}

/** Describes the best `most` keypoints of a picture, wherever they are, as a lookup does. */
export function describeBest(picture: Grey, most: number): PackedKeypoints {
  const best = found(picture, most);
  return { count: best.length, packed: packed(picture, best) };
}

function found(picture: Grey, most: number): PlacedKeypoint[] {
  const searched = shrunk(picture, SEARCHED_SIDE);
  return keypoints(picture, searched, scaleSpace(searched), most).map((keypoint) => ({
    keypoint,
    place: placeOf(keypoint, picture),
  }));
}
