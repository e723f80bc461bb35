/**
 * Whether something was put into a flat picture: rectangles between long straight seams.
 *
 * A seam is a row that differs from the one before along a long stretch, more than its
 * neighbours do. Twin of `src/takeback/hashing/seams.py` and of `panels` in `normalise.py`;
 * a reporter's device needs it only where bars leave nothing of a picture.
 */

import type { Grey } from "./model.ts";
import { type Box, copied, partOf, transposed } from "./parts.ts";

/** A step in brightness counts no more than this. */
const STEEP = 24;

/** What a step must exceed those beside it by, before it counts for a seam. */
const TEXTURE = 4;

/** Seams looked at in each direction. */
const MOST_SEAMS = 24;

/** Rows that two seams are apart, at least. */
const REACH = 4;

/** Rectangles that are listed, and those with one faint side. */
const MOST_FRAMES = 16_384;
const MOST_CLEAR = 64;
const MOST_FAINT = 16;

/** Shortest side of a view: a share of the picture's, and in pixels. */
const LEAST_SIDE = 0.12;

/** Shortest side of any view, in pixels. */
export const LEAST_PIXELS = 64;

/** Mean strength of a seam along three sides of a panel, in levels. */
const LEAST_STRENGTH = 2;

interface Panel extends Box {
  readonly faintest: number;
  readonly next: number;
}

interface Seams {
  readonly rows: readonly number[];
  /** Of each, the sums of its strength from the left. */
  readonly sums: readonly Float32Array[];
}

/** Returns rectangles between seams, the most clearly framed first. */
export function panels(grey: Grey): Box[] {
  const found = framed(seamsOf(grey), seamsOf(copied(transposed(partOf(grey)))), grey);
  const clear = found.filter((panel) => panel.faintest >= LEAST_STRENGTH);
  const faint = found.filter(
    (panel) => panel.faintest < LEAST_STRENGTH && sides(panel, grey) >= 3,
  );
  return [
    ...ranked(clear, (panel) => panel.faintest, grey),
    ...ranked(faint, (panel) => panel.next, grey).slice(0, MOST_FAINT),
  ];
}

function ranked(found: readonly Panel[], strength: (panel: Panel) => number, grey: Grey): Panel[] {
  const worth = (panel: Panel): number => {
    const size = (panel.right - panel.left) * (panel.bottom - panel.top);
    const area = size / (grey.width * grey.height);
    return strength(panel) * Math.sqrt(sides(panel, grey)) * area ** 0.25;
  };
  return [...found].sort((a, b) => worth(b) - worth(a)).slice(0, MOST_CLEAR);
}

/** Counts the sides of a panel that are not the picture's own. */
function sides(panel: Panel, { width, height }: Grey): number {
  const inner = [panel.left > 0, panel.top > 0, panel.right < width, panel.bottom < height];
  return inner.filter(Boolean).length;
}

function seamsOf(grey: Grey): Seams {
  const rows = strongest(grey);
  return { rows, sums: rows.map((row) => runningSums(grey, row)) };
}

/** Returns the rows of the strongest seams, ascending, between first and last row. */
function strongest(grey: Grey): number[] {
  const scores = Array.from({ length: grey.height }, (_, row) =>
    row < 2 || row >= grey.height - 1 ? 0 : bestStretch(strengthAt(grey, row)),
  );
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b);
  const rows = [0, grey.height];
  for (const row of order) {
    if (rows.length === MOST_SEAMS + 2 || scores[row] <= 0) break;
    if (rows.every((other) => Math.abs(row - other) > REACH)) rows.push(row);
  }
  return rows.sort((a, b) => a - b);
}

/** Returns how much more the picture steps at a row than beside it, per column. */
function strengthAt({ width, height, data }: Grey, row: number): Float32Array {
  const at = (y: number): number => Math.min(Math.max(y, 0), height - 1) * width;
  const [farBefore, before, after, farAfter] = [at(row - 4), at(row - 2), at(row + 1), at(row + 3)];
  const step = (a: number, b: number): number => Math.abs(Math.fround(data[a] - data[b]));
  return Float32Array.from({ length: width }, (_, x) => {
    const beside = step(before + x, farBefore + x) + step(farAfter + x, after + x);
    const more = Math.fround(step(after + x, before + x) - Math.fround(beside));
    return Math.min(STEEP, Math.max(-STEEP, more)) - TEXTURE;
  });
}

/** Returns the largest sum of neighbouring strengths. */
function bestStretch(strength: Float32Array): number {
  let best = 0;
  let here = 0;
  for (const value of strength) {
    here = Math.max(0, Math.fround(here + value));
    best = Math.max(best, here);
  }
  return best;
}

/** Sums a seam's strength from the left; the picture's edge is as strong as a seam can be. */
function runningSums(grey: Grey, row: number): Float32Array {
  const edge = row === 0 || row === grey.height;
  const strength = edge ? new Float32Array(grey.width).fill(STEEP) : strengthAt(grey, row);
  const sums = new Float32Array(grey.width + 1);
  for (let x = 0; x < grey.width; x++) sums[x + 1] = sums[x] + strength[x];
  return sums;
}

/** Returns every rectangle between seams that are seams along three of its own sides. */
function framed(down: Seams, across: Seams, grey: Grey): Panel[] {
  const found: Panel[] = [];
  const low = Math.max(LEAST_PIXELS, Math.round(LEAST_SIDE * grey.height));
  const narrow = Math.max(LEAST_PIXELS, Math.round(LEAST_SIDE * grey.width));
  for (const [upper, lower] of pairs(down.rows, low)) {
    for (const [one, other] of pairs(across.rows, narrow)) {
      const [top, bottom, left, right] = [
        down.rows[upper],
        down.rows[lower],
        across.rows[one],
        across.rows[other],
      ];
      const strengths = [
        mean(across.sums[one], top, bottom),
        mean(across.sums[other], top, bottom),
        mean(down.sums[upper], left, right),
        mean(down.sums[lower], left, right),
      ].sort((a, b) => a - b);
      const [faintest, next] = strengths;
      if (next >= LEAST_STRENGTH) found.push({ left, top, right, bottom, faintest, next });
      if (found.length === MOST_FRAMES) return found;
    }
  }
  return found;
}

/** Returns the places of every two rows that are so far apart. */
function pairs(rows: readonly number[], apart: number): [number, number][] {
  return rows.flatMap((row, first) =>
    rows.flatMap((other, second): [number, number][] =>
      second > first && other - row >= apart ? [[first, second]] : [],
    ),
  );
}

/** Returns the mean of a stretch whose running sums are given. */
function mean(sums: Float32Array, begin: number, end: number): number {
  return (sums[end] - sums[begin]) / (end - begin);
}
