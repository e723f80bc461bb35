/** Which way up a picture's EXIF says it is. Nothing else in it is looked at. */

import { big, characters, little } from "./bytes.ts";

const ORIENTATION = 0x0112;
const SHORT = 3;

/** Returns the orientation from TIFF bytes, with or without `Exif` before them; 1 if odd. */
export function orientationOf(exif: Uint8Array): number {
  const tiff = characters(exif, 0, 4) === "Exif" ? exif.subarray(6) : exif;
  const order = characters(tiff, 0, 2);
  if (order !== "II" && order !== "MM") return 1;
  const number = order === "II" ? little : big;
  const directory = number(tiff, 4, 4);
  const entries = Math.min(number(tiff, directory, 2), Math.floor(tiff.length / 12));
  for (let n = 0; n < entries; n++) {
    const at = directory + 2 + 12 * n;
    if (number(tiff, at, 2) === ORIENTATION && number(tiff, at + 2, 2) === SHORT) {
      return number(tiff, at + 8, 2);
    }
  }
  return 1;
}
