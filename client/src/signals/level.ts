/**
 * Tilted pictures: a picture turned by a few degrees has black corners that say how far.
 *
 * Twin of the parts of `normalise.py` and `seams.py` in `src/takeback/hashing` that level them.
 */

import type { Grey } from "./model.ts";
import { type Part, flipped, mirrored, partOf, transposed } from "./parts.ts";
import { EVERYWHERE } from "./place.ts";
import type { Look } from "./views.ts";

/** As dark as this is black. */
const BLACK = 12;

/** Columns between which the end of a wedge is compared. */
const STRIDE = 12;

/** Slope of a wedge, at most; its other side is steeper. */
const STEEPEST = 0.4;

/** How far the slopes of the wedges may differ. */
const SAME_SLOPE = 0.02;

/** Degrees of tilt that are taken for one. */
const TILTS = [0.8, 20] as const;

/** Returns the picture turned upright, if a tilt left black corners that say how far. */
export function levelled(grey: Grey): Look[] {
  const slopes = quarters(partOf(grey))
    .map(wedge)
    .filter((slope) => slope !== null);
  if (!slopes.length || Math.max(...slopes) - Math.min(...slopes) > SAME_SLOPE) return [];
  const slope = median(slopes);
  const degrees = Math.abs((Math.atan(slope) * 180) / Math.PI);
  if (degrees < TILTS[0] || degrees > TILTS[1]) return [];
  const cosine = 1 / Math.hypot(1, slope);
  const turned = tilted(grey, slope * cosine, cosine);
  return [{ view: "levelled", place: EVERYWHERE, part: partOf(turned) }];
}

/** Returns a picture with each of its sides at the top. */
function quarters(part: Part): Part[] {
  const turned = transposed(part);
  return [part, flipped(turned), flipped(mirrored(part)), mirrored(turned)];
}

/** Returns the slope of the line below which a black wedge at the top ends, if there is one. */
function wedge(part: Part): number | null {
  const black = depths(part);
  if (black.filter((rows) => rows >= 3).length < 3 * STRIDE) return null;
  const depth = black.map((rows) => (rows === part.height ? 0 : rows)); // those say nothing
  const columns = gentle(depth);
  const deep = columns.map((x) => depth[x]);
  if (columns.length < 3 * STRIDE || Math.max(...deep) - Math.min(...deep) < 3) return null;
  const [slope, start] = line(columns, deep);
  const off = columns.map((x, at) => Math.abs(deep[at] - (slope * x + start)));
  return median(off) <= 1 ? slope : null;
}

/** Returns how far down each column is black. */
function depths({ width, height, data, origin, across, down }: Part): number[] {
  return Array.from({ length: width }, (_, x) => {
    let rows = 0;
    while (rows < height && data[origin + x * across + rows * down] <= BLACK) rows++;
    return rows;
  });
}

/** Returns the columns where the end of a wedge is a gentle slope. */
function gentle(depth: readonly number[]): number[] {
  const columns = [];
  for (let x = 0; x + STRIDE < depth.length; x++) {
    const [here, ahead] = [depth[x], depth[x + STRIDE]];
    const flat = Math.abs(ahead - here) <= STEEPEST * STRIDE;
    if (flat && Math.min(here, ahead) >= 3) columns.push(x);
  }
  return columns;
}

/** Fits a line by least squares; returns its slope and its start. */
function line(xs: readonly number[], ys: readonly number[]): [number, number] {
  const [x, y] = [mean(xs), mean(ys)];
  let along = 0;
  let across = 0;
  for (const [at, value] of xs.entries()) {
    along += (value - x) * (value - x);
    across += (value - x) * (ys[at] - y);
  }
  return [across / along, y - (across / along) * x];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Turns a picture about its middle, inside the same frame; a lost corner is filled with the nearest
 * brightness along the frame.
 */
function tilted({ width, height, data }: Grey, sine: number, cosine: number): Grey {
  const turned = new Float32Array(data.length);
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [down, across] = [y - middleY, x - middleX];
      const v = within(middleY + cosine * down + sine * across, height);
      const u = within(middleX - sine * down + cosine * across, width);
      const at = Math.floor(v) * width + Math.floor(u);
      const [lower, right] = [v - Math.floor(v), u - Math.floor(u)];
      const above = data[at] * (1 - right) + data[at + 1] * right;
      const below = data[at + width] * (1 - right) + data[at + width + 1] * right;
      turned[y * width + x] = above * (1 - lower) + below * lower;
    }
  }
  return { width, height, data: turned };
}

/** Moves a place to the last pixel that has a neighbour, if it is beyond. */
function within(place: number, side: number): number {
  return Math.min(Math.max(place, 0), side - 1.001);
}
