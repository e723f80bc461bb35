/** Chooses how a picture is decoded, and says why one can't be. */

import { byCanvas, canvasIsTrue } from "./canvas.ts";
import { byCodec, codecReads } from "./codec.ts";
import type { Header } from "./header.ts";
import { NoSignals } from "./model.ts";
import { type Decoded, LUMINANCE_PIXELS } from "./strips.ts";

let canvasWorks: boolean | undefined;

/** Decodes a picture. Throws {@link NoSignals} if no way is left. */
export async function decode(file: Blob, header: Header): Promise<Decoded> {
  canvasWorks ??= canvasIsTrue();
  const codec = await codecReads(header);
  if (!canvasWorks && !codec) throw new NoSignals("canvas");
  const ways = [...(canvasWorks ? [byCanvas] : []), ...(codec ? [byCodec] : [])];
  if (isLargeJpeg(header)) ways.reverse();
  for (const way of ways) {
    try {
      return await way(file, header);
    } catch {
      // the other way may know a format that this one doesn't
    }
  }
  throw new NoSignals(header.format === "image/heic" ? "heic" : "damaged");
}

/** Whether its brightness alone is to be decoded, as `hash_picture` does. */
function isLargeJpeg({ format, colour, width, height }: Header): boolean {
  return format === "image/jpeg" && colour && width * height >= LUMINANCE_PIXELS;
}
