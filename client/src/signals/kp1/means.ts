/** Smaller pictures by means: of any size, and of half. Section 2 and a line of section 3. */

import type { Grey } from "../model.ts";
import { fitted } from "../shrink.ts";

/** The picture fitted to `longest` pixels; itself, if it is no longer than that. */
export function shrunk(picture: Grey, longest: number): Grey {
  const [width, height] = fitted(picture.width, picture.height, longest);
  return width === picture.width && height === picture.height
    ? picture
    : areaMeans(picture, width, height);
}

/** Each pixel the mean of the part that it covers: rows first, then columns, from the start. */
export function areaMeans(source: Grey, width: number, height: number): Grey {
  const data = new Float32Array(width * height);
  const sums = new Float64Array(source.width);
  const means = new Float64Array(width);
  for (let row = 0; row < height; row++) {
    addRows(source, row, height, sums);
    addColumns(sums, means);
    for (let c = 0; c < width; c++) {
      data[row * width + c] = means[c] / (source.height * source.width);
    }
  }
  return { width, height, data };
}

/** Sets `sums` to the source rows under one row of `rows`, each by the share that it covers. */
function addRows(source: Grey, row: number, rows: number, sums: Float64Array): void {
  const { data, height } = source;
  const begin = row * height;
  const end = begin + height;
  sums.fill(0);
  for (let y = Math.floor(begin / rows); y * rows < end; y++) {
    const share = Math.min(end, (y + 1) * rows) - Math.max(begin, y * rows);
    const start = y * sums.length;
    for (let x = 0; x < sums.length; x++) sums[x] += share * data[start + x];
  }
}

/** Sets `means` to the values of one row, each by the share of every column that it covers. */
function addColumns(row: Float64Array, means: Float64Array): void {
  const width = row.length;
  const columns = means.length;
  for (let c = 0; c < columns; c++) {
    const begin = c * width;
    const end = begin + width;
    let sum = 0;
    for (let x = Math.floor(begin / columns); x * columns < end; x++) {
      sum += (Math.min(end, (x + 1) * columns) - Math.max(begin, x * columns)) * row[x];
    }
    means[c] = sum;
  }
}

/** The means of 2 × 2 pixels; an odd last row or column is left out. */
export function halved(source: Grey): Grey {
  const width = source.width >> 1;
  const height = source.height >> 1;
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    let above = 2 * y * source.width;
    let below = above + source.width;
    for (let x = 0; x < width; x++, above += 2, below += 2) {
      const upper = source.data[above] + source.data[above + 1];
      const lower = source.data[below] + source.data[below + 1];
      data[y * width + x] = 0.25 * (upper + lower);
    }
  }
  return { width, height, data };
}
