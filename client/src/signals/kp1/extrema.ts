/** Places that are more blob-like than everything around them, in scale too. Sections 5 and 6. */

import { responses, type Responses } from "./response.ts";
import { SIZES, type Octave } from "./scalespace.ts";

/** Smallest strength of a candidate; before the quadratic is fitted, 0.6 of it is enough. */
const WEAKEST = 0.5;
const BORDER = 2;
const MOST_FITS = 3;

/** How far from the middle of its neighbours a fitted extremum may lie, in steps. */
const FARTHEST = 0.6;

/** Largest square of the trace of the second derivatives over their determinant. */
const EDGE = 12.1;

/** A third of the natural logarithm of 2. */
const LN2_3 = 0.231049060187;

/** One candidate: place, layer and size as fitted, in pixels of its octave. */
export interface Candidate {
  readonly octave: number;
  readonly x: number;
  readonly y: number;
  readonly layer: number;
  readonly size: number;
  readonly strength: number;
}

/** A quadratic through a response and its neighbours. */
interface Fit {
  /** From the pixel to where it is highest, in columns, rows and layers. */
  readonly x: number;
  readonly y: number;
  readonly layer: number;
  /** How far its highest value is above the response. */
  readonly rise: number;
  /** Whether it is so much steeper one way than across that it lies on an edge. */
  readonly edge: boolean;
}

/** All candidates of a picture, octave by octave. */
export function candidates(octaves: readonly Octave[]): Candidate[] {
  return octaves.flatMap((layers, octave) => find(responses(layers), octave));
}

function find(field: Responses, octave: number): Candidate[] {
  const found: Candidate[] = [];
  for (let i = 1; i < field.layers - 1; i++) {
    for (let y = BORDER; y < field.height - BORDER; y++) {
      for (let x = BORDER; x < field.width - BORDER; x++) {
        if (!isPeak(field, i, y, x)) continue;
        const candidate = refined(field, octave, i, y, x);
        if (candidate) found.push(candidate);
      }
    }
  }
  return found;
}

/** Whether a response is strong enough and above all its 26 neighbours. */
function isPeak(field: Responses, i: number, y: number, x: number): boolean {
  const { width, height, data } = field;
  const at = (i * height + y) * width + x;
  const value = data[at];
  if (value < 0.6 * WEAKEST || value <= data[at - 1] || value <= data[at + 1]) return false;
  for (let z = -1; z <= 1; z++) {
    for (let v = -1; v <= 1; v++) {
      const row = at + (z * height + v) * width;
      for (let other = row - 1; other <= row + 1; other++) {
        if (data[other] >= value && other !== at) return false;
      }
    }
  }
  return true;
}

/** Follows the fit to the extremum; nothing where it leads away or what it finds is too weak. */
function refined(
  field: Responses,
  octave: number,
  i: number,
  y: number,
  x: number,
): Candidate | undefined {
  for (let fits = 0; fits < MOST_FITS; fits++) {
    const best = fit(field, i, y, x);
    if (!best) return undefined;
    const [along, down, up] = [oneStep(best.x), oneStep(best.y), oneStep(best.layer)];
    if (along === 0 && down === 0 && up === 0) {
      const strength = field.data[(i * field.height + y) * field.width + x] + best.rise;
      if (strength < WEAKEST || best.edge) return undefined;
      const layer = i + best.layer;
      return { octave, x: x + best.x, y: y + best.y, layer, size: sizeAt(layer), strength };
    }
    i += up;
    y += down;
    x += along;
    if (!isInside(field, i, y, x)) return undefined;
  }
  return undefined;
}

/** Fits by central differences; nothing if there is no highest place. */
function fit(field: Responses, i: number, y: number, x: number): Fit | undefined {
  const { width, height, data } = field;
  const middle = (i * height + y) * width + x;
  const n = (dx: number, dy: number, dz: number): number =>
    data[middle + (dz * height + dy) * width + dx];
  const gx = 0.5 * (n(1, 0, 0) - n(-1, 0, 0));
  const gy = 0.5 * (n(0, 1, 0) - n(0, -1, 0));
  const gz = 0.5 * (n(0, 0, 1) - n(0, 0, -1));
  const twice = 2 * n(0, 0, 0);
  const xx = n(1, 0, 0) + n(-1, 0, 0) - twice;
  const yy = n(0, 1, 0) + n(0, -1, 0) - twice;
  const zz = n(0, 0, 1) + n(0, 0, -1) - twice;
  const xy = 0.25 * (n(1, 1, 0) - n(-1, 1, 0) - (n(1, -1, 0) - n(-1, -1, 0)));
  const xz = 0.25 * (n(1, 0, 1) - n(-1, 0, 1) - (n(1, 0, -1) - n(-1, 0, -1)));
  const yz = 0.25 * (n(0, 1, 1) - n(0, -1, 1) - (n(0, 1, -1) - n(0, -1, -1)));
  const a = yy * zz - yz * yz;
  const b = xz * yz - xy * zz;
  const c = xy * yz - xz * yy;
  const determinant = xx * a + xy * b + xz * c;
  if (determinant === 0) return undefined;
  const d = xx * zz - xz * xz;
  const e = xy * xz - xx * yz;
  const f = xx * yy - xy * xy;
  const ox = -(a * gx + b * gy + c * gz) / determinant;
  const oy = -(b * gx + d * gy + e * gz) / determinant;
  const oz = -(c * gx + e * gy + f * gz) / determinant;
  const rise = 0.5 * (gx * ox + gy * oy + gz * oz);
  const trace = xx + yy;
  return { x: ox, y: oy, layer: oz, rise, edge: f <= 0 || trace * trace >= EDGE * f };
}

/** The step towards a fitted extremum that lies too far away: -1, 0 or 1. */
function oneStep(offset: number): number {
  if (offset > FARTHEST) return 1;
  return offset < -FARTHEST ? -1 : 0;
}

/** Whether a place has neighbours on all sides and keeps clear of the border. */
function isInside(field: Responses, i: number, y: number, x: number): boolean {
  const within = (place: number, size: number): boolean => place >= BORDER && place < size - BORDER;
  return i >= 1 && i < field.layers - 1 && within(y, field.height) && within(x, field.width);
}

/** 1.4 · 2^(layer ÷ 3), by the nearest layer and a polynomial. */
function sizeAt(layer: number): number {
  const nearest = Math.floor(layer + 0.5);
  const t = (layer - nearest) * LN2_3;
  return SIZES[nearest] * (1 + t * (1 + t * (0.5 + t * (1 / 6 + t * (1 / 24 + t / 120)))));
}
