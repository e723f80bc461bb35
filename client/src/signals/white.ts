/** Transparent pictures are shown on white. */

/** Lays RGBA pixels on white where they are transparent; they may be *multiplied* by opacity. */
export function onWhite(rgba: Uint8Array, multiplied: boolean): Uint8Array {
  for (let at = 0; at < rgba.length; at += 4) {
    const alpha = rgba[at + 3];
    if (alpha === 255) continue;
    const share = multiplied ? 1 : alpha / 255;
    for (let c = at; c < at + 3; c++) rgba[c] = Math.round(rgba[c] * share) + 255 - alpha;
  }
  return rgba;
}
