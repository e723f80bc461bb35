/** Chooses how a picture is decoded, and says why one can't be. */

import { byHand } from "./by-hand.ts";
import { byCanvas, byTiles, canvasIsTrue } from "./canvas.ts";
import { byCodec, codecReads } from "./codec.ts";
import { isWhole } from "./endings.ts";
import { edited } from "./exif.ts";
import type { Header } from "./header.ts";
import { NoSignals, type Trouble } from "./model.ts";
import { type Decoded, LUMINANCE_PIXELS, type Way } from "./strips.ts";

/** Phones have memory for so many pixels at once, and may not for more. */
const LARGE_PIXELS = 16_000_000;

let canvasWorks: boolean | undefined;

/** Decodes a picture. Throws {@link NoSignals} if no way is left. */
export async function decode(file: Blob, header: Header): Promise<Decoded> {
  if (!(await isWhole(file, header.format))) throw new NoSignals("damaged");
  canvasWorks ??= canvasIsTrue();
  for (const way of await waysFor(header, canvasWorks)) {
    try {
      return { opened: await way(edited(file, header.edits), header), turn: header.turn };
    } catch {
      // the other way may know a format that this one doesn't
    }
  }
  throw new NoSignals(canvasWorks ? troubleWith(header) : "canvas");
}

/** Says why a picture that has a beginning and an end can't be decoded. */
function troubleWith(header: Header): Trouble {
  if (header.format === "image/heic") return "heic";
  return isLarge(header) ? "too_large" : "damaged";
}

async function waysFor(header: Header, canvas: boolean): Promise<Way[]> {
  const codec = await codecReads(header.format);
  if (!canvas && !codec) return [byHand];
  const ways = [...(canvas ? [byCanvas] : []), ...(codec ? [byCodec] : [])];
  if (isBright(header)) ways.reverse();
  return canvas && isLarge(header) && header.format !== "image/avif" ? [...ways, byTiles] : ways;
}

/** Whether its brightness alone is to be decoded, as `hash_picture` does. */
function isBright({ format, colour, width, height }: Header): boolean {
  return format === "image/jpeg" && colour && width * height >= LUMINANCE_PIXELS;
}

/** Whether decoding failed most likely for want of memory. */
function isLarge({ width, height }: Header): boolean {
  return width * height > LARGE_PIXELS;
}
