/**
 * PDQ: from the brightness of a picture to its signal and quality.
 *
 * Twin of `src/takeback/hashing/pdq.py`, which says what is done and why; both are held to
 * `vectors/pdq.json`. Source: Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ
 * Image-Hashing Algorithm" (2019).
 */

import { type Band, Gather, type Strip, band } from "./bands.ts";
import { hex } from "./text.ts";
import type { Turn } from "./upright.ts";

/** Smallest quality that may be registered; below it chance decides. */
export const MINIMUM_QUALITY = 50;

/** Points along each side of the blurred, sampled picture. */
const SAMPLES = 64;

/** Boxes that fit along each side. */
const WINDOWS = 128;

/** Frequencies kept along each side, from 1. */
const FREQUENCIES = 16;

/** Pictures with a shorter side have the zero signal and quality 0. */
const MINIMUM_SIDE = 5;

/** Weights of red, green and blue in brightness (ITU-R BT.601). */
const LUMINANCE = [0.299, 0.587, 0.114];

/** Adds up a picture, strip by strip, to the 64 × 64 samples of the upright picture. */
export class Sampler {
  readonly #gather: Gather;
  readonly #turn: Turn;
  readonly #tooSmall: boolean;

  /** Prepares for a picture stored as *height* rows of *width* pixels. */
  constructor(width: number, height: number, turn: Turn) {
    const [down, across] = turn.transposed
      ? [turn.mirrored, turn.flipped]
      : [turn.flipped, turn.mirrored];
    this.#gather = new Gather(width, boxTwice(height, down), boxTwice(width, across));
    this.#turn = turn;
    this.#tooSmall = Math.min(width, height) < MINIMUM_SIDE;
  }

  /** Adds rows *top* onwards. */
  add(top: number, strip: Strip): void {
    if (!strip.colour) this.#gather.add(top, strip.grey);
    strip.colour?.forEach((plane, at) => this.#gather.add(top, plane, LUMINANCE[at]));
  }

  /** Returns the samples of the upright picture, row by row, 0 to 255. */
  samples(): Float32Array {
    const { total } = this.#gather;
    if (this.#tooSmall) return new Float32Array(total.length);
    return Float32Array.from(this.#turn.transposed ? swapped(total, SAMPLES) : total);
  }
}

/** Weighs the pixels of one side for each sample of two box blurs. */
function boxTwice(pixels: number, backwards: boolean): Band {
  const window = Math.ceil(pixels / WINDOWS);
  const back = Math.floor((window - 1) / 2);
  const forth = Math.floor(window / 2);
  const reach = (pixel: number): [number, number] => [
    Math.max(0, pixel - back),
    Math.min(pixels - 1, pixel + forth),
  ];
  const sample = (_: unknown, k: number): { first: number; weights: number[] } => {
    const [low, high] = reach(Math.floor(((2 * k + 1) * pixels) / (2 * SAMPLES)));
    const first = reach(low)[0];
    const weights = new Array<number>(reach(high)[1] - first + 1).fill(0);
    for (let inner = low; inner <= high; inner++) {
      const [start, end] = reach(inner);
      const share = 1 / ((high - low + 1) * (end - start + 1));
      for (let pixel = start; pixel <= end; pixel++) weights[pixel - first] += share;
    }
    if (!backwards) return { first, weights };
    return { first: pixels - first - weights.length, weights: weights.reverse() };
  };
  return band(Array.from({ length: SAMPLES }, sample));
}

const COSINES = Float64Array.from({ length: FREQUENCIES * SAMPLES }, (_, at) => {
  const frequency = Math.floor(at / SAMPLES) + 1;
  const place = 2 * (at % SAMPLES) + 1;
  return Math.cos((Math.PI / (2 * SAMPLES)) * frequency * place) * Math.sqrt(2 / SAMPLES);
});

/**
 * Returns the lowest frequencies of the samples, 16 × 16, downwards then across.
 *
 * Rounded to the millionth, so that what cancels out is zero on every processor.
 */
export function coefficients(samples: Float32Array): Float64Array {
  const half = new Float64Array(FREQUENCIES * SAMPLES);
  for (let m = 0; m < FREQUENCIES; m++) {
    for (let y = 0; y < SAMPLES; y++) {
      const wave = COSINES[m * SAMPLES + y];
      for (let x = 0; x < SAMPLES; x++) half[m * SAMPLES + x] += wave * samples[y * SAMPLES + x];
    }
  }
  return Float64Array.from({ length: FREQUENCIES * FREQUENCIES }, (_, at) => {
    const [m, k] = [Math.floor(at / FREQUENCIES) * SAMPLES, (at % FREQUENCIES) * SAMPLES];
    let value = 0;
    for (let x = 0; x < SAMPLES; x++) value += half[m + x] * COSINES[k + x];
    return Math.round(value * 1e6) / 1e6;
  });
}

/** Cuts 16 × 16 coefficients at their lower median; the first is the lowest bit. */
function signalOf(frequencies: Float64Array): string {
  const median = Float64Array.from(frequencies).sort()[frequencies.length / 2 - 1];
  const bytes = new Uint8Array(frequencies.length / 8);
  frequencies.forEach((value, at) => {
    if (value > median) bytes[bytes.length - 1 - (at >> 3)] |= 1 << (at & 7);
  });
  return hex(bytes);
}

/** What mirroring does to each frequency: odd ones change sign, and the first kept is 1. */
const sign = (frequency: number): number => (frequency % 2 ? 1 : -1);

/**
 * Returns the signals of all eight turns and mirrors of a picture: upright; turned by 90, 180 and
 * 270 degrees counter-clockwise; mirrored top to bottom; left to right; along the main diagonal;
 * along the other one.
 */
export function dihedralSignals(frequencies: Float64Array): string[] {
  const turned = swapped(frequencies, FREQUENCIES);
  const view = (from: Float64Array, down: boolean, across: boolean): string =>
    signalOf(
      from.map((value, at) => {
        const flip = down ? sign(Math.floor(at / FREQUENCIES)) : 1;
        return value * flip * (across ? sign(at % FREQUENCIES) : 1);
      }),
    );
  return [
    view(frequencies, false, false),
    view(turned, true, false),
    view(frequencies, true, true),
    view(turned, false, true),
    view(frequencies, true, false),
    view(frequencies, false, true),
    view(turned, false, false),
    view(turned, true, true),
  ];
}

function swapped(square: Float64Array, side: number): Float64Array {
  return square.map((_, at) => square[(at % side) * side + Math.floor(at / side)]);
}

/** Measures how much detail there is, 0 (flat) to 100, by the steps between neighbours. */
export function qualityOf(samples: Float32Array): number {
  let steps = 0;
  for (let y = 0; y < SAMPLES; y++) {
    for (let x = 0; x < SAMPLES; x++) {
      const at = y * SAMPLES + x;
      if (x) steps += step(samples[at] - samples[at - 1]);
      if (y) steps += step(samples[at] - samples[at - SAMPLES]);
    }
  }
  return Math.min(100, Math.floor(steps / 90));
}

/** A difference in hundredths of white, rounded towards zero, in single precision. */
function step(difference: number): number {
  const hundredfold = Math.fround(Math.fround(difference) * 100);
  return Math.abs(Math.trunc(Math.fround(hundredfold / 255)));
}

/** Counts the bits in which two signals differ. */
export function distance(a: string, b: string): number {
  let bits = 0;
  for (let at = 0; at < a.length; at++) {
    let differing = parseInt(a[at], 16) ^ parseInt(b[at], 16);
    for (; differing; differing &= differing - 1) bits++;
  }
  return bits;
}
