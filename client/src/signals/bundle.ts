/**
 * What a reporter's device registers beside the whole picture.
 *
 * Platforms mirror and cut pictures by themselves, and the copy she has may be framed or tilted.
 * Twin of `src/takeback/hashing/bundle.py`.
 */

import type { View } from "../wire.ts";
import type { Grey } from "./model.ts";
import { type Box, asStored, partOf } from "./parts.ts";
import { EVERYWHERE } from "./place.ts";
import { AS_STORED, type Turn } from "./upright.ts";
import { type Look, type ViewSignals, hashLook, lookAt } from "./views.ts";

/** The shapes that platforms cut pictures to, width and height. */
const SHAPES: readonly [View, number, number][] = [
  ["centre_1x1", 1, 1],
  ["centre_4x5", 4, 5],
  ["centre_3x4", 3, 4],
  ["centre_9x16", 9, 16],
  ["centre_16x9", 16, 9],
];

/** Which of the eight signals is that of the picture mirrored left to right. */
const MIRRORED = 5;

/** A cut that keeps more than this of both sides is the whole picture. */
const WHOLE_AXIS = 0.985;

/** Returns the views to register beside the whole picture, good or not. */
export function bundled(
  grey: Grey,
  framed: readonly Look[],
  turn: Turn,
  dihedral: readonly string[],
  quality: number,
): ViewSignals[] {
  const others = dihedral.filter((_, at) => at !== MIRRORED);
  return [
    { view: "mirror", quality, dihedral: [dihedral[MIRRORED], ...others] },
    ...[...stored(grey, turn), ...cuts(grey), ...framed].map(hashLook),
  ];
}

function stored(grey: Grey, turn: Turn): Look[] {
  if (turn === AS_STORED) return [];
  return [{ view: "stored", place: EVERYWHERE, part: asStored(partOf(grey), turn) }];
}

function cuts(grey: Grey): Look[] {
  return SHAPES.flatMap(([view, width, height]) => {
    const box = centred(grey, width / height);
    return box ? [lookAt(view, grey, box)] : [];
  });
}

/** Returns the largest centred part of a shape, or null where that is the whole picture. */
function centred({ width, height }: Grey, shape: number): Box | null {
  const across = Math.min(1, (height * shape) / width);
  const down = Math.min(1, width / shape / height);
  if (Math.min(across, down) >= WHOLE_AXIS) return null;
  const [wide, high] = [rounded(across * width), rounded(down * height)];
  const [left, top] = [Math.floor((width - wide) / 2), Math.floor((height - high) / 2)];
  return { left, top, right: left + wide, bottom: top + high };
}

/** Rounds to whole numbers, halves to the even one, as Python does. */
function rounded(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below + (below % 2);
}
