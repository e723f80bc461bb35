/**
 * Pixels by way of a canvas, which every browser has.
 *
 * The picture is never drawn as a whole: a canvas of a few rows is drawn to again and again, since
 * phones refuse large ones. It is white first, so that transparent pictures lie on white.
 */

import type { Strip } from "./bands.ts";
import { greyOf } from "./brightness.ts";
import type { Header } from "./header.ts";
import { type Opened, rowsOf, stripOf } from "./strips.ts";

type Context = OffscreenCanvasRenderingContext2D;
type Pixels = Uint8ClampedArray;

/** Pixels of a part, where a picture is decoded in parts. */
const TILE_PIXELS = 1 << 23;

/** Levels by which a browser may alter a pixel to hide what device it runs on. */
const MOST_NOISE = 8;

/** The same on average. Signals move by no more than two bits then. */
const MEAN_NOISE = 1;

const TEST_SIDE = 32;

/** No colour profile changes the numbers of a picture. */
const AS_NUMBERS = { colorSpaceConversion: "none" } as const;

/** Decodes a picture at once. */
export async function byCanvas(file: Blob): Promise<Opened> {
  const bitmap = await createImageBitmap(file, AS_NUMBERS);
  const { width, height } = bitmap;
  const rows = rowsOf(width);
  const context = contextOf(width, Math.min(height, rows));
  const read = async (top: number, count: number): Promise<Strip> =>
    stripOf(rowsFrom(bitmap, top, count, context), count, width * height);
  return { width, height, rows, path: "full", read, close: () => bitmap.close() };
}

/**
 * Decodes a picture a part at a time, which is slow: most browsers decode all of it for each.
 *
 * For pictures that are too large to be held at once.
 */
export async function byTiles(file: Blob, { width, height }: Header): Promise<Opened> {
  const part = (top: number, count: number): Promise<ImageBitmap> =>
    createImageBitmap(file, 0, top, width, count, AS_NUMBERS);
  (await part(0, 1)).close(); // fails now, if at all
  const rows = rowsOf(width, TILE_PIXELS);
  const context = contextOf(width, Math.min(height, rows));
  const read = async (top: number, count: number): Promise<Strip> => {
    const bitmap = await part(top, count);
    const rgba = rowsFrom(bitmap, 0, count, context);
    bitmap.close();
    return stripOf(rgba, count, width * height);
  };
  return { width, height, rows, path: "full", read, close: () => undefined };
}

/** Draws rows of a bitmap to a canvas of a few rows, and reads them. */
function rowsFrom(bitmap: ImageBitmap, top: number, rows: number, context: Context): Pixels {
  const { width } = bitmap;
  context.fillRect(0, 0, width, rows);
  context.drawImage(bitmap, 0, top, width, rows, 0, 0, width, rows);
  return context.getImageData(0, 0, width, rows).data;
}

/** Makes a canvas that is white where nothing is drawn. */
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
