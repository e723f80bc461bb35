/**
 * Pixels by way of a canvas, which every browser has.
 *
 * The picture is never drawn as a whole: a canvas of a few rows is drawn to again and again, since
 * phones refuse large ones. It is white first, so that transparent pictures lie on white.
 */

import { greyOf } from "./brightness.ts";
import { type Opened, rowsOf, stripOf } from "./strips.ts";

/** Levels by which a browser may alter a pixel to hide what device it runs on. */
const MOST_NOISE = 8;

/** The same on average. Signals move by no more than two bits then. */
const MEAN_NOISE = 1;

const TEST_SIDE = 32;

type Context = OffscreenCanvasRenderingContext2D;

/** Decodes a picture as its numbers are: no colour profile changes them. */
export async function byCanvas(file: Blob): Promise<Opened> {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  const context = contextOf(width, Math.min(height, rowsOf(width)));
  return {
    width,
    height,
    path: "full",
    read: async (top, rows) => {
      context.fillRect(0, 0, width, rows);
      context.drawImage(bitmap, 0, top, width, rows, 0, 0, width, rows);
      return stripOf(context.getImageData(0, 0, width, rows).data, rows, width * height);
    },
    close: () => bitmap.close(),
  };
}

function contextOf(width: number, height: number): Context {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { alpha: false, willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  context.fillStyle = "#fff";
  context.imageSmoothingEnabled = false;
  return context;
}

/**
 * Tells whether a canvas gives back what was drawn to it.
 *
 * Some browsers add noise to pixels that pages read, which does little, and some give back
 * something else altogether, of which a signal would be worthless.
 */
export function canvasIsTrue(): boolean {
  try {
    return isNear(drawn(), written());
  } catch {
    return false;
  }
}

/** Pixels of many colours. */
function written(): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * TEST_SIDE * TEST_SIDE);
  return rgba.map((_, at) => (at % 4 === 3 ? 255 : (at * 37 + (at >> 5) * 11) % 256));
}

function drawn(): Uint8ClampedArray {
  const context = contextOf(TEST_SIDE, TEST_SIDE);
  context.putImageData(new ImageData(written(), TEST_SIDE, TEST_SIDE), 0, 0);
  return context.getImageData(0, 0, TEST_SIDE, TEST_SIDE).data;
}

/** Tells whether pixels read are those written, but for a little noise. */
export function isNear(read: Uint8ClampedArray, expected: Uint8ClampedArray): boolean {
  const [a, b] = [greyOf(read), greyOf(expected)];
  const off = a.map((value, at) => Math.abs(value - b[at]));
  const mean = off.reduce((sum, value) => sum + value, 0) / off.length;
  return mean <= MEAN_NOISE && off.every((value) => value <= MOST_NOISE);
}
