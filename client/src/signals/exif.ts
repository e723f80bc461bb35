/** Which way up a picture's EXIF says it is. Nothing else in it is looked at. */

import { big, characters, little } from "./bytes.ts";

const ORIENTATION = 0x0112;
const SHORT = 3;

/** What EXIF says, and where. */
export interface Orientation {
  /** 1 to 8; anything else means nothing. */
  readonly value: number;
  /** Where its two bytes are. */
  readonly at: number;
  /** The two bytes that would say upright. */
  readonly upright: Uint8Array<ArrayBuffer>;
}

/** Bytes of a file, and what would take their place. */
export interface Edit {
  readonly at: number;
  readonly length: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Returns the same picture in a file that doesn't say how to turn it.
 *
 * Browsers differ in whose EXIF they follow, when, and with what mistakes; so none gets any to see,
 * and the picture is turned here. Nothing is copied but what is edited.
 */
export function edited(file: Blob, edits: readonly Edit[]): Blob {
  const parts: BlobPart[] = [];
  let end = 0;
  for (const { at, length, bytes } of edits) {
    parts.push(file.slice(end, at), bytes);
    end = at + length;
  }
  return edits.length ? new Blob([...parts, file.slice(end)]) : file;
}

/** Finds the orientation in TIFF bytes, with or without `Exif` before them. */
export function orientationIn(exif: Uint8Array): Orientation | null {
  const start = characters(exif, 0, 4) === "Exif" ? 6 : 0;
  const order = characters(exif, start, 2);
  if (order !== "II" && order !== "MM") return null;
  const number = order === "II" ? little : big;
  const directory = start + number(exif, start + 4, 4);
  const entries = Math.min(number(exif, directory, 2), Math.floor(exif.length / 12));
  for (let n = 0; n < entries; n++) {
    const at = directory + 2 + 12 * n;
    if (number(exif, at, 2) === ORIENTATION && number(exif, at + 2, 2) === SHORT) {
      const upright = Uint8Array.from(order === "II" ? [1, 0] : [0, 1]);
      return { value: number(exif, at + 8, 2), at: at + 8, upright };
    }
  }
  return null;
}
