/** Chooses how a picture is decoded, and says why one can't be. */

import { byCanvas, canvasIsTrue } from "./canvas.ts";
import { byCodec, codecReads } from "./codec.ts";
import { isWhole } from "./endings.ts";
import type { Header } from "./header.ts";
import { NoSignals, type Trouble } from "./model.ts";
import { turnsByItself } from "./quarter-turns.ts";
import { type Decoded, LUMINANCE_PIXELS, type Way } from "./strips.ts";
import { AS_STORED, type Turn } from "./upright.ts";

/** More pixels than this are most likely refused for want of memory. */
const LARGE_PIXELS = 16_000_000;

let canvasWorks: boolean | undefined;

/** Decodes a picture. Throws {@link NoSignals} if no way is left. */
export async function decode(file: Blob, header: Header): Promise<Decoded> {
  if (!(await isWhole(file, header.format))) throw new NoSignals("damaged");
  canvasWorks ??= canvasIsTrue();
  for (const way of await waysFor(header, canvasWorks)) {
    try {
      return { opened: await way(file, header.format), turn: await turnLeft(way, header) };
    } catch {
      // the other way may know a format that this one doesn't
    }
  }
  throw new NoSignals(canvasWorks ? troubleWith(header) : "canvas");
}

/** Says why a picture that has a beginning and an end can't be decoded. */
function troubleWith({ format, width, height }: Header): Trouble {
  if (format === "image/heic") return "heic";
  return width * height > LARGE_PIXELS ? "too_large" : "damaged";
}

async function waysFor(header: Header, canvas: boolean): Promise<Way[]> {
  const codec = await codecReads(header.format);
  const ways = [...(canvas ? [byCanvas] : []), ...(codec ? [byCodec] : [])];
  return isLargeJpeg(header) ? ways.reverse() : ways;
}

/** Whether its brightness alone is to be decoded, as `hash_picture` does. */
function isLargeJpeg({ format, colour, width, height }: Header): boolean {
  return format === "image/jpeg" && colour && width * height >= LUMINANCE_PIXELS;
}

/** Returns how to turn what comes this way. */
async function turnLeft(way: Way, { format, turn }: Header): Promise<Turn> {
  if (turn === AS_STORED) return turn;
  return (await turnsByItself(way, format)) ? AS_STORED : turn;
}
