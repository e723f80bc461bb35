/** Which keypoints of a picture are described: strong ones first, and not all in one spot. */

import type { Grey } from "../model.ts";
import { candidates, type Candidate } from "./extrema.ts";
import { facing, type Facing } from "./orientation.ts";
import type { Octave } from "./scalespace.ts";

/** Longest side of what is described, in which the lengths below are given. */
export const DESCRIBED_SIDE = 512;
const SMALLEST_SIZE = 2.75;
const SPACING = 6;

/** Spacing of large keypoints, in sizes of the larger one. */
const SIZE_SPACING = 0.8;

/** Ratio of sizes below which two keypoints in one spot may be the same. */
const ALIKE_SIZES = 1.414213562;

/** Cosine of the angle below which they may be. */
const ALIKE_TURNS = 0.764842187;

/** A candidate in pixels of the described picture. */
interface Placed {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly strength: number;
  readonly found: Candidate;
}

/** One keypoint: place and size in pixels of the described picture, and the way it faces. */
export interface Keypoint extends Facing {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly strength: number;
}

/**
 * The best `most` keypoints of a picture, best first; fewer are the beginning of more.
 *
 * @param picture - the described picture, to which places refer.
 * @param searched - the smaller one, of which `octaves` were made.
 */
export function keypoints(
  picture: Grey,
  searched: Grey,
  octaves: readonly Octave[],
  most: number,
): Keypoint[] {
  const longest = Math.max(picture.width, picture.height);
  const smallest = (SMALLEST_SIZE * longest) / DESCRIBED_SIDE;
  const ranked = candidates(octaves)
    .map((found) => placed(found, picture, searched))
    .filter((each) => each.size >= smallest)
    .sort(byRank);
  return spread(ranked, octaves, (SPACING * longest) / DESCRIBED_SIDE, most);
}

/** Section 7. */
function placed(found: Candidate, picture: Grey, searched: Grey): Placed {
  const power = 2 ** found.octave;
  const longest = Math.max(picture.width, picture.height);
  return {
    x: (found.x + 0.5) * power * (picture.width / searched.width) - 0.5,
    y: (found.y + 0.5) * power * (picture.height / searched.height) - 0.5,
    size: found.size * power * (longest / Math.max(searched.width, searched.height)),
    strength: found.strength,
    found,
  };
}

/** Section 8. */
function byRank(a: Placed, b: Placed): number {
  return (
    tier(a.strength) - tier(b.strength) ||
    rank(b) - rank(a) ||
    a.y - b.y ||
    a.x - b.x ||
    a.size - b.size
  );
}

function tier(strength: number): number {
  if (strength >= 2) return 0;
  return strength >= 1 ? 1 : 2;
}

function rank(each: Placed): number {
  return each.strength * Math.sqrt(Math.sqrt(each.size));
}

/** Section 10: walks down the ranking, past what is too much alike in the same spot. */
function spread(
  ranked: readonly Placed[],
  octaves: readonly Octave[],
  spacing: number,
  most: number,
): Keypoint[] {
  const kept: Keypoint[] = [];
  for (const { x, y, size, strength, found } of ranked) {
    if (kept.length === most) break;
    const layer = octaves[found.octave][Math.floor(found.layer + 0.5)];
    const keypoint = { x, y, size, strength, ...facing(layer, found.x, found.y, found.size) };
    if (!kept.some((other) => alike(keypoint, other, spacing))) kept.push(keypoint);
  }
  return kept;
}

function alike(one: Keypoint, other: Keypoint, spacing: number): boolean {
  const larger = Math.max(one.size, other.size);
  const near = Math.max(spacing, SIZE_SPACING * larger);
  const across = one.x - other.x;
  const down = one.y - other.y;
  if (across * across + down * down >= near * near) return false;
  if (larger >= ALIKE_SIZES * Math.min(one.size, other.size)) return false;
  return one.cosine * other.cosine + one.sine * other.sine > ALIKE_TURNS;
}
