/** Which keypoints are registered, so that every part of a picture has some. Section 10. */

import type { Place, PlacedKeypoint, Sides } from "./places.ts";

/** Parts of each side of a picture, for which keypoints are shared out. */
const NINTHS = 3;

/** How many of all that are registered one ninth may have, before others had theirs. */
const SHARE = 0.15;

/** Chooses `most`: those of a ninth that had its share come after all others. */
export function sharedOut(
  found: readonly PlacedKeypoint[],
  sides: Sides,
  most: number,
): PlacedKeypoint[] {
  const counted = new Array<number>(NINTHS * NINTHS).fill(0);
  const first: PlacedKeypoint[] = [];
  const later: PlacedKeypoint[] = [];
  for (const each of found) {
    const ninth = ninthOf(each.place, sides);
    (counted[ninth] < SHARE * most ? first : later).push(each);
    counted[ninth]++;
  }
  return [...first, ...later].slice(0, most);
}

function ninthOf({ x, y }: Place, { width, height }: Sides): number {
  return NINTHS * Math.floor((NINTHS * y) / height) + Math.floor((NINTHS * x) / width);
}
