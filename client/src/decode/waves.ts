/** From a JPEG's coefficients back to brightness (ITU-T T.81, annex A.3). */

/** In which order a block's coefficients follow each other. */
export const ZIGZAG = zigzag();

/** What each of 64 coefficients adds to each of 64 pixels. */
const WAVES = Float32Array.from({ length: 64 * 64 }, (_, at) => {
  const [coefficient, pixel] = [at >> 6, at & 63];
  return wave(coefficient & 7, pixel & 7) * wave(coefficient >> 3, pixel >> 3);
});

function wave(frequency: number, place: number): number {
  const scale = frequency ? 0.5 : Math.SQRT1_2 / 2;
  return scale * Math.cos(((2 * place + 1) * frequency * Math.PI) / 16);
}

function zigzag(): Uint8Array {
  const places = Array.from({ length: 64 }, (_, at) => at);
  const diagonal = (at: number): number => (at & 7) + (at >> 3);
  const along = (at: number): number => (diagonal(at) % 2 ? at >> 3 : at & 7);
  return Uint8Array.from(places.sort((a, b) => diagonal(a) - diagonal(b) || along(a) - along(b)));
}

/** Adds up the waves of one block into 64 pixels; most coefficients are zero. */
export function unwave(block: Int16Array, steps: Uint16Array, pixels: Float32Array): void {
  pixels.fill(128.5);
  for (let k = 0; k < 64; k++) {
    if (block[k] === 0) continue;
    const value = block[k] * steps[k];
    const wave = k << 6;
    for (let pixel = 0; pixel < 64; pixel++) pixels[pixel] += value * WAVES[wave + pixel];
  }
}
