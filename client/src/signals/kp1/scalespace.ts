/** A picture at every scale: blurred step by step, and halved octave by octave. Section 3. */

import type { Grey } from "../model.ts";
import { halved } from "./means.ts";

/** Half a Gaussian, middle first. */
type Kernel = readonly number[];

const FIRST_KERNEL: Kernel = [0.305208452, 0.227829452, 0.094765399, 0.021964248, 0.002836675];

const STEP_KERNELS: readonly Kernel[] = [
  [0.371809896, 0.240830486, 0.065445986, 0.007461662, 0.000356919],
  [0.295110909, 0.22447539, 0.098791402, 0.025155706, 0.003706131, 0.000315916],
  [0.234247638, 0.197163037, 0.117564535, 0.049662401, 0.014862082, 0.003150882, 0.000473244],
  [
    0.185980603, 0.166845801, 0.120464247, 0.069999722, 0.03273631, 0.012321353, 0.00373235,
    0.000909916,
  ],
];

/** The blur of each layer, in pixels of its octave. */
export const SIZES: readonly number[] = [1.4, 1.76388947, 2.222361473, 2.8, 3.52777894];

/** The layer with twice the blur of the first, halved for the next octave. */
const DOUBLED = 3;
const OCTAVES = 7;
const SMALLEST_SIDE = 16;

/** Five layers of one size, each more blurred than the one before. */
export type Octave = readonly Grey[];

/** Blurs and halves a picture; one that is too small has no octave. */
export function scaleSpace(picture: Grey): Octave[] {
  const half = new Float32Array(picture.data.length);
  const octaves: Octave[] = [];
  let start = picture;
  while (Math.min(start.width, start.height) >= SMALLEST_SIDE && octaves.length < OCTAVES) {
    const layers = [octaves.length > 0 ? start : blurred(start, FIRST_KERNEL, half)];
    for (const [i, kernel] of STEP_KERNELS.entries()) {
      layers.push(blurred(layers[i], kernel, half));
    }
    octaves.push(layers);
    start = halved(layers[DOUBLED]);
  }
  return octaves;
}

/** Blurs rows into `half`, and its columns into a new picture. */
function blurred(source: Grey, kernel: Kernel, half: Float32Array): Grey {
  const { width, height } = source;
  const data = new Float32Array(width * height);
  const sums = new Float64Array(width);
  blurRows(source, kernel, sums, half);
  blurColumns(half, height, kernel, sums, data);
  return { width, height, data };
}

function blurRows(source: Grey, kernel: Kernel, sums: Float64Array, half: Float32Array): void {
  const { width, height, data } = source;
  const reach = kernel.length - 1;
  const row = new Float32Array(width + 2 * reach);
  for (let y = 0; y < height; y++) {
    for (let x = -reach; x < width + reach; x++) {
      row[x + reach] = data[y * width + mirrored(x, width)];
    }
    scale(sums, kernel[0], row, reach);
    for (let k = 1; k <= reach; k++) addPair(sums, kernel[k], row, reach - k, reach + k);
    half.set(sums, y * width);
  }
}

function blurColumns(
  half: Float32Array,
  height: number,
  kernel: Kernel,
  sums: Float64Array,
  target: Float32Array,
): void {
  const width = sums.length;
  for (let y = 0; y < height; y++) {
    scale(sums, kernel[0], half, y * width);
    for (let k = 1; k < kernel.length; k++) {
      const above = mirrored(y - k, height) * width;
      const below = mirrored(y + k, height) * width;
      addPair(sums, kernel[k], half, above, below);
    }
    target.set(sums, y * width);
  }
}

/** Which pixel stands for one beyond the border: … b a | a b …. */
function mirrored(place: number, size: number): number {
  if (place < 0) return -1 - place;
  return place < size ? place : 2 * size - 1 - place;
}

/** Sets `sums` to the pixels from `start` on, times `weight`. */
function scale(sums: Float64Array, weight: number, pixels: Float32Array, start: number): void {
  for (let x = 0; x < sums.length; x++) sums[x] = weight * pixels[start + x];
}

/** Adds the sums of two runs of pixels, times `weight`. */
function addPair(
  sums: Float64Array,
  weight: number,
  pixels: Float32Array,
  first: number,
  second: number,
): void {
  for (let x = 0; x < sums.length; x++) {
    sums[x] += weight * (pixels[first + x] + pixels[second + x]);
  }
}
