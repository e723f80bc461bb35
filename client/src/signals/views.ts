/**
 * One way of looking at a picture, and the signals of what is seen.
 *
 * Nothing here decides which views there are: `frames.ts` finds frames, `bundle.ts` knows what is
 * registered.
 */

import type { View } from "../wire.ts";
import type { Grey } from "./model.ts";
import { Sampler, coefficients, dihedralSignals, qualityOf } from "./pdq.ts";
import type { Place } from "./place.ts";
import { AS_STORED } from "./upright.ts";

/** A rectangle of a small grey picture, in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** One view before it is hashed. */
export interface Look {
  readonly view: View;
  readonly place: Place;
  readonly grey: Grey;
}

/** What is left of one view once it is hashed. */
export interface ViewSignals {
  readonly view: View;
  readonly quality: number;
  /** Eight signals, the first of the view as it lies. */
  readonly dihedral: readonly string[];
}

/** Returns the box around all of a picture. */
export function boxOf(grey: Grey): Box {
  return { left: 0, top: 0, right: grey.width, bottom: grey.height };
}

/** Tells whether two boxes are one. */
export function same(a: Box, b: Box): boolean {
  return a.left === b.left && a.top === b.top && a.right === b.right && a.bottom === b.bottom;
}

/** Returns a part of a picture, in memory of its own. */
export function cut(grey: Grey, { left, top, right, bottom }: Box): Grey {
  const [width, height] = [right - left, bottom - top];
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const from = (top + y) * grey.width + left;
    data.set(grey.data.subarray(from, from + width), y * width);
  }
  return { width, height, data };
}

/** Returns a box in shares of the picture. */
export function placeOf(box: Box, { width, height }: Grey): Place {
  return [box.left / width, box.top / height, box.right / width, box.bottom / height];
}

/** Looks at a part of a picture. */
export function lookAt(view: View, grey: Grey, box: Box): Look {
  return { view, place: placeOf(box, grey), grey: cut(grey, box) };
}

/** Hashes one view. */
export function hashLook({ view, grey }: Look): ViewSignals {
  const sampler = new Sampler(grey.width, grey.height, AS_STORED);
  sampler.add(0, { rows: grey.height, grey: Uint8Array.from(grey.data, (value) => value + 0.5) });
  const samples = sampler.samples();
  const dihedral = dihedralSignals(coefficients(samples));
  return { view, quality: qualityOf(samples), dihedral };
}
