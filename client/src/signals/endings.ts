/**
 * Whether a picture's file goes on to the picture's end.
 *
 * Some browsers show what there is of a file that was cut off; of half a picture there must be no
 * signals. Nothing here looks at pixels.
 */

import { Bytes, big, characters, little } from "./bytes.ts";
import type { Format } from "./header.ts";

/** Tells whether a file of that format reaches the end of its picture. */
export async function isWhole(file: Blob, format: Format): Promise<boolean> {
  const bytes = new Bytes(file);
  if (format === "image/jpeg") return jpegEnds(new Uint8Array(await file.arrayBuffer()));
  if (format === "image/png") return pngEnds(bytes);
  if (format === "image/gif") return gifEnds(bytes);
  if (format === "image/webp") return 8 + little(await bytes.read(4, 4), 0, 4) <= bytes.size;
  return true; // decoders of the others refuse what is cut off
}

/** Walks a JPEG's segments and the pixels between them to its end (ITU-T T.81, annex B). */
function jpegEnds(bytes: Uint8Array): boolean {
  let at = bytes.indexOf(0xff, 2);
  while (at >= 0 && at + 1 < bytes.length) {
    const marker = bytes[at + 1];
    if (marker === 0xd9) return true;
    at = bytes.indexOf(0xff, at + (marker === 0xff ? 1 : 2 + lengthOf(marker, bytes, at)));
  }
  return false;
}

/** Returns the length of a segment; what follows pixels that look like a marker has none. */
function lengthOf(marker: number, bytes: Uint8Array, at: number): number {
  const alone = marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);
  return alone ? 0 : big(bytes, at + 2, 2);
}

/** Walks a PNG's chunks (ISO/IEC 15948, 5.3). */
async function pngEnds(bytes: Bytes): Promise<boolean> {
  for (let at = 8; at < bytes.size; ) {
    const head = await bytes.read(at, 8);
    at += 12 + big(head, 0, 4);
    if (characters(head, 4, 4) === "IEND") return at <= bytes.size;
  }
  return false;
}

/** Walks a GIF's blocks to the end of its first picture (GIF89a, sections 15 to 27). */
async function gifEnds(bytes: Bytes): Promise<boolean> {
  let at = 13 + (await tableAt(bytes, 10));
  while (at < bytes.size) {
    const [kind] = await bytes.read(at, 1);
    const picture = kind === 0x2c;
    if (!picture && kind !== 0x21) return false;
    at += picture ? 11 + (await tableAt(bytes, at + 9)) : 2;
    for (let length = -1; length && at < bytes.size; at += 1 + length) {
      [length] = await bytes.read(at, 1);
    }
    if (picture) return at <= bytes.size && (await bytes.read(at - 1, 1))[0] === 0;
  }
  return false;
}

/** Returns the bytes of the table of colours whose size is packed there. */
async function tableAt(bytes: Bytes, at: number): Promise<number> {
  const [packed] = await bytes.read(at, 1);
  return packed & 0x80 ? 3 * 2 ** ((packed & 7) + 1) : 0;
}
