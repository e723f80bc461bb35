/** Where keypoints are, coarsely. Section 13. */

import type { Grey } from "../model.ts";
import { DESCRIBED_SIDE, type Keypoint } from "./ranking.ts";

/** Steps of a coarse place along the longest side. */
const PLACES = 64;
const TURNS = 24;

/** Where the coarse sizes 1, 2 … 15 begin. */
const SIZE_BOUNDS: readonly number[] = [
  3.889087297, 5.5, 7.778174593, 11, 15.556349186, 22, 31.112698372, 44, 62.225396745, 88,
  124.450793489, 176, 248.901586978, 352, 497.803173955,
];

/** The sides of a picture in 1/64 of the longest, rounded up. */
export interface Sides {
  readonly width: number;
  readonly height: number;
}

/** A coarse place: x and y in 1/64 of the longest side, size in half octaves, turn in 15°. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly turn: number;
}

/** A keypoint, exactly and coarsely. */
export interface PlacedKeypoint {
  readonly keypoint: Keypoint;
  readonly place: Place;
}

/** The coarse sides of a picture. */
export function sidesOf(picture: Grey): Sides {
  const longest = Math.max(picture.width, picture.height);
  const coarse = (side: number): number => Math.ceil((PLACES * side) / longest);
  return { width: coarse(picture.width), height: coarse(picture.height) };
}

/** The coarse place of a keypoint of the picture. */
export function placeOf(keypoint: Keypoint, picture: Grey): Place {
  const longest = Math.max(picture.width, picture.height);
  const sides = sidesOf(picture);
  const size = keypoint.size * (DESCRIBED_SIDE / longest);
  return {
    x: within((keypoint.x + 0.5) * (PLACES / longest), sides.width),
    y: within((keypoint.y + 0.5) * (PLACES / longest), sides.height),
    size: SIZE_BOUNDS.filter((bound) => size >= bound).length,
    turn: Math.floor(keypoint.degrees / (360 / TURNS) + 0.5) % TURNS,
  };
}

/** Rounds down to whole steps; an extremum fitted beyond the border counts as on it. */
function within(place: number, end: number): number {
  return Math.min(Math.max(Math.floor(place), 0), end - 1);
}
