/**
 * Parts of grey pictures, seen from any side, that share the picture's memory.
 *
 * A phone has little of it, and frames are looked for in many parts.
 */

import type { Grey } from "./model.ts";
import type { Place } from "./place.ts";
import type { Turn } from "./upright.ts";

/** A rectangle of a small grey picture, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** What is seen of a picture: pixel (x, y) is `data[origin + x * across + y * down]`. */
export interface Part {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
  readonly origin: number;
  readonly across: number;
  readonly down: number;
}

/** Returns the box around all of a picture. */
export function boxOf({ width, height }: Grey): Box {
  return { left: 0, top: 0, right: width, bottom: height };
}

/** Tells whether two boxes are one. */
export function same(a: Box, b: Box): boolean {
  return a.left === b.left && a.top === b.top && a.right === b.right && a.bottom === b.bottom;
}

/** Returns a box in shares of the picture. */
export function placeOf(box: Box, { width, height }: Grey): Place {
  return [box.left / width, box.top / height, box.right / width, box.bottom / height];
}

/** Returns a part of a picture as it lies. */
export function partOf(grey: Grey, box: Box = boxOf(grey)): Part {
  return {
    width: box.right - box.left,
    height: box.bottom - box.top,
    data: grey.data,
    origin: box.top * grey.width + box.left,
    across: 1,
    down: grey.width,
  };
}

/** Returns a part mirrored along its main diagonal. */
export function transposed(part: Part): Part {
  const { width, height, across, down } = part;
  return { ...part, width: height, height: width, across: down, down: across };
}

/** Returns a part mirrored top to bottom. */
export function flipped(part: Part): Part {
  const origin = part.origin + (part.height - 1) * part.down;
  return { ...part, origin, down: -part.down };
}

/** Returns a part mirrored left to right. */
export function mirrored(part: Part): Part {
  const origin = part.origin + (part.width - 1) * part.across;
  return { ...part, origin, across: -part.across };
}

/** Returns a stored picture as it is upright. */
export function upright(stored: Part, turn: Turn): Part {
  return reversed(turn.transposed ? transposed(stored) : stored, turn);
}

/** Returns an upright picture as it is stored. */
export function asStored(part: Part, turn: Turn): Part {
  const back = reversed(part, turn);
  return turn.transposed ? transposed(back) : back;
}

function reversed(part: Part, turn: Turn): Part {
  const once = turn.flipped ? flipped(part) : part;
  return turn.mirrored ? mirrored(once) : once;
}

/** Returns a part as a picture of its own. */
export function copied(part: Part): Grey {
  const { width, height, data, across } = part;
  const copy = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    let from = part.origin + y * part.down;
    for (let at = y * width; at < (y + 1) * width; at++, from += across) copy[at] = data[from];
  }
  return { width, height, data: copy };
}

/** Returns a part in whole numbers, halves rounded up. */
export function rounded(part: Part): Uint8Array {
  const { width, height, data, across } = part;
  const bytes = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    let from = part.origin + y * part.down;
    for (let at = y * width; at < (y + 1) * width; at++, from += across) {
      bytes[at] = Math.fround(data[from] + 0.5);
    }
  }
  return bytes;
}
