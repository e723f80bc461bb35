/** How blob-like every place of an octave is. Section 4. */

import type { Grey } from "../model.ts";
import { SIZES, type Octave } from "./scalespace.ts";

/** One response for each pixel of each layer of an octave, layer after layer. */
export interface Responses {
  readonly width: number;
  readonly height: number;
  readonly layers: number;
  readonly data: Float32Array;
}

/** The roots of the determinants of second derivatives, times the layer's size squared. */
export function responses(octave: Octave): Responses {
  const { width, height } = octave[0];
  const data = new Float32Array(octave.length * width * height);
  for (const [i, layer] of octave.entries()) {
    respond(layer, SIZES[i], data.subarray(i * width * height));
  }
  return { width, height, layers: octave.length, data };
}

/** Sets every response of a layer but those on its border, which stay 0. */
function respond(layer: Grey, size: number, response: Float32Array): void {
  const { width, height, data: p } = layer;
  for (let y = 1; y < height - 1; y++) {
    const end = (y + 1) * width - 1;
    for (let at = y * width + 1; at < end; at++) {
      const above = at - width;
      const below = at + width;
      const twice = 2 * p[at];
      const xx = p[at + 1] + p[at - 1] - twice;
      const yy = p[below] + p[above] - twice;
      const xy = 0.25 * (p[below + 1] - p[below - 1] - (p[above + 1] - p[above - 1]));
      response[at] = size * size * Math.sqrt(Math.max(0, xx * yy - xy * xy));
    }
  }
}
