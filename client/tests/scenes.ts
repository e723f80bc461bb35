/** The scenes of vectors/reporter.json: drawings in frames, as vectors/README.md says. */

import { readFileSync } from "node:fs";
import { type Drawing, draw } from "./drawn.ts";

/** A drawing on a ground, and what hashing it must give. */
export interface Scene extends Drawing {
  readonly name: string;
  readonly shade: number;
  readonly margins: readonly [number, number, number, number];
  readonly rectangles: readonly (readonly [number, number, number, number, number])[];
  readonly steepness: number;
  readonly orientation: number;
  readonly sum_of_pixels: number;
  readonly quality: number;
  readonly whole: string;
  readonly views: readonly { view: string; quality: number; signal: string }[];
  readonly keypoints: readonly { view: string; count: number; packed_sha256: string }[];
}

interface Vectors {
  readonly tolerance_bits: number;
  readonly scenes: readonly Scene[];
}

const path = new URL("../../vectors/reporter.json", import.meta.url);

/** What Python makes of every scene. */
export const vectors: Vectors = JSON.parse(readFileSync(path, "utf8"));

/** Returns the opaque RGBA pixels of a scene as it is stored. */
export function pixelsOf(scene: Scene): Uint8ClampedArray {
  const { width, height } = scene;
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  fill(rgba, width, [0, 0, width, height, scene.shade]);
  paste(rgba, scene);
  for (const rectangle of scene.rectangles) fill(rgba, width, rectangle);
  if (scene.steepness) cutCorners(rgba, scene);
  return rgba;
}

function paste(rgba: Uint8ClampedArray, { margins, ...scene }: Scene): void {
  const [left, top, right, bottom] = margins;
  const width = scene.width - left - right;
  const height = scene.height - top - bottom;
  const drawn = draw({ ...scene, width, height });
  for (let y = 0; y < height; y++) {
    const row = drawn.subarray(4 * y * width, 4 * (y + 1) * width);
    rgba.set(row, 4 * ((top + y) * scene.width + left));
  }
}

function fill(
  rgba: Uint8ClampedArray,
  width: number,
  [left, top, right, bottom, shade]: Scene["rectangles"][number],
): void {
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const at = 4 * (y * width + x);
      rgba.fill(shade, at, at + 3);
    }
  }
}

function cutCorners(rgba: Uint8ClampedArray, { width, height, steepness: by }: Scene): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [farX, farY] = [width - 1 - x, height - 1 - y];
      const black = by * y < x || by * farY < farX || by * x < farY || by * farX < y;
      if (black) fill(rgba, width, [x, y, x + 1, y + 1, 0]);
    }
  }
}
