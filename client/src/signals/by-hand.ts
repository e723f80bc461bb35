/**
 * Pixels without the browser's help, of JPEG and PNG: nearly all that cameras and screens give.
 *
 * For browsers that keep what they decode from every page, to hide what device they run on. A
 * file that she picked may be read by any page, so that nothing is got around.
 */

import { brightnessOf } from "../decode/jpeg.ts";
import { rowsOf as pngRows } from "../decode/png.ts";
import type { Header } from "./header.ts";
import { type Opened, rowsOf, stripOf } from "./strips.ts";
import { onWhite } from "./white.ts";

/** Decodes a picture. Throws if it is of a kind that is not read. */
export async function byHand(file: Blob, header: Header): Promise<Opened> {
  if (header.format === "image/jpeg") return jpeg(file);
  if (header.format === "image/png") return png(file, header);
  throw new Error("a format that is not read");
}

async function jpeg(file: Blob): Promise<Opened> {
  const picture = brightnessOf(new Uint8Array(await file.arrayBuffer()));
  return {
    width: picture.width,
    height: picture.height,
    rows: 8 * Math.ceil(rowsOf(picture.width) / 8),
    path: "luminance",
    read: async (top, rows) => ({ rows, grey: picture.rows(top, rows) }),
    close: () => undefined,
  };
}

async function png(file: Blob, { width, height }: Header): Promise<Opened> {
  const picture = await pngRows(file);
  return {
    width,
    height,
    rows: rowsOf(width),
    path: "full",
    read: async (_top, rows) =>
      stripOf(onWhite(await picture.next(rows), false), rows, width * height),
    close: () => picture.close(),
  };
}
