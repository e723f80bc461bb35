/** The brightness of pixels, as docs/reference/signals.md says in section 1. */

/** Writes the brightness of opaque RGBA pixels, ⌊(299 R + 587 G + 114 B + 500) ÷ 1000⌋. */
export function greyOf(
  rgba: Uint8ClampedArray | Uint8Array,
  out: Uint8Array = new Uint8Array(rgba.length / 4),
): Uint8Array {
  for (let at = 0, from = 0; from < rgba.length; at++, from += 4) {
    const sum = 299 * rgba[from] + 587 * rgba[from + 1] + 114 * rgba[from + 2] + 500;
    out[at] = (sum / 1000) | 0;
  }
  return out;
}

/** Red, green and blue, each by itself. */
export type Planes = readonly [Uint8Array, Uint8Array, Uint8Array];

/** Returns the planes of RGBA pixels. */
export function planesOf(rgba: Uint8ClampedArray | Uint8Array): Planes {
  const plane = (channel: number): Uint8Array =>
    Uint8Array.from({ length: rgba.length / 4 }, (_, at) => rgba[4 * at + channel]);
  return [plane(0), plane(1), plane(2)];
}
