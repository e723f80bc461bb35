/** The brightness of one frame: as its decoder stores it, or by way of colours. */

import { NoSignals } from "../model.ts";
import { AS_STORED, type Turn } from "../upright.ts";
import { Drawing } from "./drawing.ts";

/** The brightness of one frame, as stored. */
export interface Luma {
  readonly width: number;
  readonly height: number;
  /** Row by row from the top, nothing between rows. */
  readonly pixels: Uint8Array;
  /** The level of black. */
  readonly black: number;
  /** Levels from black to white. */
  readonly span: number;
  /** How the frame becomes upright. */
  readonly turn: Turn;
}

/** What a page or a decoder hands over; whoever reads it closes it. */
export type Shown = Rotated | ImageBitmap;

/** A frame that says how it lies, in browsers that know (WebCodecs of 2025). */
type Rotated = VideoFrame & { readonly rotation?: number };

/** Most pixels of a frame, a little above 8K: a decoder holds up to twenty of them. */
const MOST_PIXELS = 36_000_000;

/** Black and the way to white in video levels (ITU-R BT.601), and in those of pictures. */
const LIMITED = { black: 16, span: 219 };
const FULL = { black: 0, span: 255 };

/** Formats whose first plane is brightness and nothing else, and bits of their samples. */
const PLANAR = /^(?:I420|I422|I444|NV12)A?(?:P(?<bits>10|12))?$/;

const FRAMES = new Drawing();
const GLANCES = new Drawing();

/** Pixels along each side of a glance, in which no more than a cut is to be seen. */
const GLANCE = 24;

/** By degrees clockwise that a frame is to be turned. */
const TURNS: Readonly<Record<number, Turn>> = {
  90: { transposed: true, flipped: false, mirrored: true },
  180: { transposed: false, flipped: true, mirrored: true },
  270: { transposed: true, flipped: true, mirrored: false },
};

/** Returns the turn by so many degrees clockwise; none for what is no quarter of a circle. */
export function turnBy(degrees: number): Turn {
  return TURNS[((degrees % 360) + 360) % 360] ?? AS_STORED;
}

/**
 * Returns the brightness of a frame, and closes the frame.
 *
 * @param degrees - clockwise, by which the file says that its frames are to be turned; what a page
 * shows is upright, or says itself how it lies.
 */
export async function lumaOf(shown: Shown, degrees = 0): Promise<Luma> {
  try {
    if (!("format" in shown)) return drawn(shown, shown.width, shown.height, 0);
    const { width, height } = shown.visibleRect ?? { width: 0, height: 0 };
    if (width * height > MOST_PIXELS) throw new NoSignals("too_large");
    const planar = PLANAR.exec(shown.format ?? "");
    if (!planar) return drawn(shown, shown.displayWidth, shown.displayHeight, degrees);
    const depth = Number(planar.groups?.bits ?? 8);
    const levels = shown.colorSpace.fullRange ? FULL : LIMITED;
    const turn = turnBy(degrees + (shown.rotation ?? 0));
    const pixels = await firstPlane(shown, width, height, depth);
    return { width, height, pixels, ...levels, turn };
  } finally {
    shown.close();
  }
}

/** Tells whether the brightness of a frame can be read as its decoder stores it. */
export function isPlanar(shown: Shown): boolean {
  return "format" in shown && PLANAR.test(shown.format ?? "");
}

/** Returns a tiny grey picture of a frame, which stays open. */
export function glance(shown: Shown): Luma {
  return drawn(shown, GLANCE, GLANCE, 0, GLANCES);
}

/** Copies the first plane in 8 bits; of deeper ones the upper eight. */
async function firstPlane(
  frame: VideoFrame,
  width: number,
  height: number,
  depth: number,
): Promise<Uint8Array> {
  const all = new Uint8Array(frame.allocationSize());
  const [{ offset, stride }] = await frame.copyTo(all);
  if (depth === 8 && stride === width) return all.subarray(offset, offset + width * height);
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = all.subarray(offset + y * stride, offset + (y + 1) * stride);
    if (depth === 8) pixels.set(row.subarray(0, width), y * width);
    else upperBits(row, depth - 8, pixels.subarray(y * width, (y + 1) * width));
  }
  return pixels;
}

/** Reads samples of two bytes, the lower one first. */
function upperBits(row: Uint8Array, shift: number, out: Uint8Array): void {
  for (let x = 0; x < out.length; x++) out[x] = (row[2 * x] | (row[2 * x + 1] << 8)) >> shift;
}

/** Reads a frame by way of colours, from a canvas, which draws frames upright. */
function drawn(
  shown: Shown,
  width: number,
  height: number,
  degrees: number,
  drawing = FRAMES,
): Luma {
  if (width * height > MOST_PIXELS) throw new NoSignals("too_large");
  const pixels = drawing.greyOf(shown, width, height);
  return { width, height, pixels, ...FULL, turn: turnBy(degrees) };
}
