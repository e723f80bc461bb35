/** Where something is in a picture, in shares of its sides. */

/** Left, top, right and bottom of a part of an upright picture. */
export type Place = readonly [number, number, number, number];

/** All of a picture. */
export const EVERYWHERE: Place = [0, 0, 1, 1];

/** Places whose every side is nearer than this share of the picture are one place. */
const SAME_PLACE = 0.015;

/** Tells whether two places are one, as far as a signal can tell. */
export function near(a: Place, b: Place): boolean {
  return a.every((side, at) => Math.abs(side - b[at]) < SAME_PLACE);
}
