/** Which way up: the eight ways a camera may store a picture, and how to turn it upright. */

/** How stored pixels become upright: transposed first, then reversed. */
export interface Turn {
  /** Stored rows are upright columns. */
  readonly transposed: boolean;
  /** Upright rows are stored from the bottom up. */
  readonly flipped: boolean;
  /** Upright columns are stored from right to left. */
  readonly mirrored: boolean;
}

const turn = (transposed: boolean, flipped: boolean, mirrored: boolean): Turn => ({
  transposed,
  flipped,
  mirrored,
});

/** Stored the right way up. */
export const AS_STORED: Turn = turn(false, false, false);

/** By the value of the Orientation tag less one (EXIF 2.32, 4.6.4 A). */
const TURNS: readonly Turn[] = [
  AS_STORED,
  turn(false, false, true),
  turn(false, true, true),
  turn(false, true, false),
  turn(true, false, false),
  turn(true, false, true),
  turn(true, true, true),
  turn(true, true, false),
];

/** Returns the turn that an Orientation tag means; any odd value means none. */
export function turnOf(orientation: number): Turn {
  return TURNS[orientation - 1] ?? AS_STORED;
}
