/** Which way up: the eight ways a camera may store a picture, and how to turn it upright. */

import type { Grey } from "./model.ts";

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

/** Returns a stored grey picture the right way up. */
export function upright(stored: Grey, turn: Turn): Grey {
  return reversed(turn.transposed ? transposed(stored) : stored, turn);
}

/** Turns an upright grey picture back to how it is stored. */
export function asStored(grey: Grey, turn: Turn): Grey {
  const back = reversed(grey, turn);
  return turn.transposed ? transposed(back) : back;
}

/** Returns a grey picture mirrored along its main diagonal. */
export function transposed(grey: Grey): Grey {
  const { width, height, data } = grey;
  const turned = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) turned[x * height + y] = data[y * width + x];
  }
  return { width: height, height: width, data: turned };
}

function reversed(grey: Grey, turn: Turn): Grey {
  const { width, height, data } = grey;
  const turned = new Float32Array(data.length);
  for (let y = 0; y < height; y++) {
    const row = data.subarray(y * width, (y + 1) * width);
    const to = turned.subarray((turn.flipped ? height - 1 - y : y) * width);
    to.set(turn.mirrored ? row.slice().reverse() : row);
  }
  return { width, height, data: turned };
}
