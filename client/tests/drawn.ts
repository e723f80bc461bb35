/** Pictures drawn from whole numbers, by the formula in vectors/README.md. */

import type { Strip } from "../src/signals/bands.ts";
import { greyOf, planesOf } from "../src/signals/brightness.ts";

/** What to draw. */
export interface Drawing {
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

const SPREADS = [
  [6, 4],
  [4, 2],
  [2, 1],
] as const;

function corner(x: number, y: number, s: number): number {
  const sum = Math.imul(x, 374761393) + Math.imul(y, 668265263) + Math.imul(s, 2246822519);
  const m = sum >>> 0;
  const n = Math.imul(m ^ (m >>> 13), 1274126177) >>> 0;
  return (n ^ (n >>> 16)) & 255;
}

function cells(x: number, y: number, s: number, power: number): number {
  const side = 1 << power;
  const [left, top, u, v] = [x >> power, y >> power, x % side, y % side];
  const upper = corner(left, top, s) * (side - u) + corner(left + 1, top, s) * u;
  const lower = corner(left, top + 1, s) * (side - u) + corner(left + 1, top + 1, s) * u;
  return (upper * (side - v) + lower * v) >>> (2 * power);
}

/** Returns one value of one pixel. */
export function pixel(drawing: Drawing, x: number, y: number, channel: number): number {
  const s = 16 * drawing.seed + channel;
  const total = SPREADS.reduce((sum, [power, weight]) => sum + weight * cells(x, y, s, power), 0);
  return Math.floor(total / 7);
}

/** Draws opaque RGBA pixels; a grey drawing has three equal channels. */
export function draw(drawing: Drawing): Uint8ClampedArray {
  const { width, height, channels } = drawing;
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let at = 0; at < width * height; at++) {
    const [x, y] = [at % width, Math.floor(at / width)];
    for (let c = 0; c < 3; c++) rgba[4 * at + c] = pixel(drawing, x, y, Math.min(c, channels - 1));
  }
  return rgba;
}

/** Draws a picture as decoding gives it. */
export function drawStrip(drawing: Drawing): Strip {
  const rgba = draw(drawing);
  return { rows: drawing.height, grey: greyOf(rgba), colour: planesOf(rgba) };
}
