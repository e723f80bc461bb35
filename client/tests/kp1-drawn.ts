/** The pictures of vectors/kp1.json: drawn, and their pixels then divided. */

import type { Grey } from "../src/signals/model.ts";
import { pixel, type Drawing } from "./drawn.ts";

/** What to draw, and what to divide pixels by, rounding down: pale pictures have weak keypoints. */
export interface PaleDrawing extends Drawing {
  readonly divisor: number;
}

/** The values of all pixels, row by row, channel after channel in each pixel. */
export function drawPale({ divisor, ...drawing }: PaleDrawing): Uint8Array {
  const { width, height, channels } = drawing;
  return Uint8Array.from({ length: width * height * channels }, (_, at) => {
    const x = Math.floor(at / channels) % width;
    const y = Math.floor(at / (channels * width));
    return Math.floor(pixel(drawing, x, y, at % channels) / divisor);
  });
}

/** The drawing in grey, as section 1 of docs/reference/signals.md makes it of colours. */
export function drawPaleGrey(drawing: PaleDrawing): Grey {
  const { width, height, channels } = drawing;
  const pixels = drawPale(drawing);
  const data = Float32Array.from({ length: width * height }, (_, at) => {
    if (channels === 1) return pixels[at];
    const [red, green, blue] = pixels.subarray(3 * at, 3 * at + 3);
    return Math.floor((299 * red + 587 * green + 114 * blue + 500) / 1000);
  });
  return { width, height, data };
}
