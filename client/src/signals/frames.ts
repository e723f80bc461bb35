/**
 * What people and apps put around a picture, found in a small grey one: flat borders and
 * letterboxes, and bars that hold text or an app's controls.
 *
 * Twin of the part of `src/takeback/hashing/normalise.py` that looks for flat rows; specified in
 * docs/reference/signals.md, "Inside a frame".
 */

import type { Grey } from "./model.ts";
import { type Box, type Part, boxOf, flipped, partOf, same, transposed } from "./parts.ts";

/** Levels that a row of a border may vary by. */
const TOLERANCE = 12;

/** A row is of a border when this share of it is that flat … */
const FLAT = 0.98;

/** … and of a bar with text when this share of it is as the bar's ground. */
const BARRED = 0.5;

/** Shortest side of what is inside, as a share of the picture's. */
const LEAST_SIDE = 0.12;

/** Returns what is inside flat borders, or null if that is too little to be a picture. */
export function trimmed(grey: Grey): Box | null {
  return trim(grey, boxOf(grey), FLAT);
}

/** Returns what is inside bars and the flat border within, or null if that is too little. */
export function uncaptioned(grey: Grey): Box | null {
  const box = trim(grey, boxOf(grey), BARRED);
  return box && trim(grey, box, FLAT);
}

/** Takes flat rows and columns off every side of a part, until none is left. */
function trim(grey: Grey, whole: Box, share: number): Box | null {
  let box = whole;
  for (let round = 0; round < 3; round++) {
    const inner = trimOnce(grey, box, share);
    if (same(inner, box)) break;
    if (!isLasting(inner, whole)) return null;
    box = inner;
  }
  return box;
}

function isLasting(box: Box, whole: Box): boolean {
  const across = (box.right - box.left) / (whole.right - whole.left);
  const down = (box.bottom - box.top) / (whole.bottom - whole.top);
  return Math.min(across, down) >= LEAST_SIDE;
}

function trimOnce(grey: Grey, box: Box, share: number): Box {
  const part = partOf(grey, box);
  const [top, bottom] = [bar(part, share), bar(flipped(part), share)];
  const rows = { ...box, top: box.top + top, bottom: box.bottom - bottom };
  if (rows.top >= rows.bottom) return { ...box, right: box.left, bottom: box.top };
  const columns = transposed(partOf(grey, rows));
  const [left, right] = [bar(columns, share), bar(flipped(columns), share)];
  return { ...rows, left: box.left + left, right: box.right - right };
}

/** Counts the rows of a bar at the top, which must begin with a flat row. */
function bar(part: Part, share: number): number {
  const shade = shadeOf(part);
  if (!isOf(shade, part, 0, FLAT)) return 0;
  let rows = 0;
  while (rows < part.height && isOf(shade, part, rows, share)) rows++;
  return rows;
}

/** Tells whether so large a share of a row is of one shade. */
function isOf(shade: number, part: Part, row: number, share: number): boolean {
  const { data, width, across } = part;
  let at = part.origin + row * part.down;
  let alike = 0;
  for (let x = 0; x < width; x++, at += across) {
    if (Math.abs(data[at] - shade) <= TOLERANCE) alike++;
  }
  return alike >= share * width;
}

/** Returns the median of the first row; of an even number, the mean of the two middle ones. */
function shadeOf({ data, width, origin, across }: Part): number {
  const sorted = Float32Array.from({ length: width }, (_, x) => data[origin + x * across]).sort();
  const middle = width >> 1;
  if (width % 2) return sorted[middle];
  return Math.fround(Math.fround(sorted[middle - 1] + sorted[middle]) / 2);
}
