/** A decoded picture, handed over a few rows at a time. */

import type { Strip } from "./bands.ts";
import { greyOf, planesOf } from "./brightness.ts";
import type { Header } from "./header.ts";
import type { Turn } from "./upright.ts";

/** Pixels in one strip: small beside a picture, large beside the cost of asking for it. */
const STRIP_PIXELS = 1 << 20;

/** From this many pixels on, brightness alone is enough for every signal. */
export const LUMINANCE_PIXELS = 2_000_000;

/** A picture whose rows can be read from the top. */
export interface Opened {
  /** Pixels across and down, as its rows come. */
  readonly width: number;
  readonly height: number;
  /** How many rows to read at a time; an even number, as halved colours need. */
  readonly rows: number;
  /** What was decoded: every channel, or a JPEG's brightness alone. */
  readonly path: "full" | "luminance";
  /** Reads *rows* rows from *top*. */
  read(top: number, rows: number): Promise<Strip>;
  /** Gives its memory back. */
  close(): void;
}

/** A way to decode pictures. */
export type Way = (file: Blob, header: Header) => Promise<Opened>;

/** A picture, and how what is read of it is turned upright. */
export interface Decoded {
  readonly opened: Opened;
  readonly turn: Turn;
}

/** Returns how many rows of a picture have so many pixels; an even number. */
export function rowsOf(width: number, pixels = STRIP_PIXELS): number {
  return Math.max(2, 2 * Math.floor(pixels / width / 2));
}

/** Returns what is made of opaque pixels; their colours too, where a picture is small. */
export function stripOf(rgba: Uint8ClampedArray | Uint8Array, rows: number, pixels: number): Strip {
  const strip = { rows, grey: greyOf(rgba) };
  return pixels < LUMINANCE_PIXELS ? { ...strip, colour: planesOf(rgba) } : strip;
}
