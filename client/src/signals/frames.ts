/**
 * What people and apps put around a picture, found in a small grey one: flat borders and
 * letterboxes, and bars that hold text or an app's controls.
 *
 * Twin of the part of `src/takeback/hashing/normalise.py` that looks for flat rows; specified in
 * docs/reference/signals.md, "Inside a frame".
 */

import type { Grey } from "./model.ts";
import { transposed } from "./upright.ts";
import { type Box, boxOf, cut, same } from "./views.ts";

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
  return trim(grey, FLAT);
}

/** Returns what is inside bars and the flat border within, or null if that is too little. */
export function uncaptioned(grey: Grey): Box | null {
  const box = trim(grey, BARRED);
  const inner = box && trim(cut(grey, box), FLAT);
  return inner && moved(inner, box.left, box.top);
}

function moved(box: Box, x: number, y: number): Box {
  return { left: box.left + x, top: box.top + y, right: box.right + x, bottom: box.bottom + y };
}

/** Takes flat rows and columns off every side, until none is left. */
function trim(grey: Grey, share: number): Box | null {
  let box = boxOf(grey);
  for (let round = 0; round < 3; round++) {
    const inner = trimOnce(grey, box, share);
    if (same(inner, box)) break;
    if (!isLasting(inner, grey)) return null;
    box = inner;
  }
  return box;
}

function isLasting(box: Box, grey: Grey): boolean {
  const shares = [(box.right - box.left) / grey.width, (box.bottom - box.top) / grey.height];
  return Math.min(...shares) >= LEAST_SIDE;
}

function trimOnce(grey: Grey, box: Box, share: number): Box {
  const part = cut(grey, box);
  const top = bar(part, share, false);
  const bottom = bar(part, share, true);
  const rows = { ...box, top: box.top + top, bottom: box.bottom - bottom };
  if (rows.top >= rows.bottom) return { ...box, right: box.left, bottom: box.top };
  const columns = transposed(cut(grey, rows));
  const left = bar(columns, share, false);
  const right = bar(columns, share, true);
  return { ...rows, left: box.left + left, right: box.right - right };
}

/** Counts the rows of a bar at the top, or at the bottom, which must begin with a flat row. */
function bar(grey: Grey, share: number, fromBottom: boolean): number {
  const row = (n: number): Float32Array => {
    const y = fromBottom ? grey.height - 1 - n : n;
    return grey.data.subarray(y * grey.width, (y + 1) * grey.width);
  };
  const shade = median(row(0));
  if (!isOf(shade, row(0), FLAT)) return 0;
  let rows = 0;
  while (rows < grey.height && isOf(shade, row(rows), share)) rows++;
  return rows;
}

/** Tells whether so large a share of a row is of one shade. */
function isOf(shade: number, row: Float32Array, share: number): boolean {
  let alike = 0;
  for (const value of row) if (Math.abs(value - shade) <= TOLERANCE) alike++;
  return alike >= share * row.length;
}

/** Returns the middle value, or the mean of the two middle ones in single precision. */
function median(values: Float32Array): number {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  if (sorted.length % 2) return sorted[middle];
  return Math.fround(Math.fround(sorted[middle - 1] + sorted[middle]) / 2);
}
