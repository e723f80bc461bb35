/**
 * What is inside a picture's frame, and the looks that show it.
 *
 * Twin of `looks` in `normalise.py` and of `looking.py` in `src/takeback/hashing`.
 */

import type { View } from "../wire.ts";
import { trimmed, uncaptioned } from "./frames.ts";
import { levelled } from "./level.ts";
import type { Grey } from "./model.ts";
import { type Box, boxOf, placeOf } from "./parts.ts";
import { MINIMUM_QUALITY } from "./pdq.ts";
import { EVERYWHERE, type Place, near } from "./place.ts";
import { LEAST_PIXELS, panels } from "./seams.ts";
import { type Look, hashLook, lookAt } from "./views.ts";

/** What was found in a picture. */
export interface Seen {
  /** Without its frame, and turned level: those of these that there are. */
  readonly framed: readonly Look[];
  /** What is inside all frames; null if that is nothing. */
  readonly inside: Look | null;
}

/** Looks for frames in a picture that is fitted to 1024. */
export function seenIn(grey: Grey): Seen {
  const seen: Place[] = [EVERYWHERE];
  const bars = uncaptioned(grey);
  const trims = looks("trimmed", grey, trimmed(grey), seen);
  const frames = looks("uncaptioned", grey, bars, seen);
  const inside = frames[0] ?? trims[0] ?? whole(grey);
  return {
    framed: [...trims, ...frames, ...levelled(grey)],
    inside: bars ? inside : insideNothing(grey, seen),
  };
}

/**
 * Returns what is inside bars that leave nothing.
 *
 * They are a frame around a flat picture, if straight seams say that something was put there, and
 * else part of a picture that is mostly flat.
 */
function insideNothing(grey: Grey, seen: Place[]): Look | null {
  return panels(grey).some((box) => distinct(grey, box, seen)) ? null : whole(grey);
}

function whole(grey: Grey): Look {
  return lookAt("whole", grey, boxOf(grey));
}

function looks(view: View, grey: Grey, box: Box | null, seen: Place[]): Look[] {
  return box && distinct(grey, box, seen) ? [lookAt(view, grey, box)] : [];
}

/** Tells whether a box is large enough and not one that was seen, and counts it as seen. */
function distinct(grey: Grey, box: Box, seen: Place[]): boolean {
  if (Math.min(box.right - box.left, box.bottom - box.top) < LEAST_PIXELS) return false;
  const place = placeOf(box, grey);
  if (seen.some((other) => near(place, other))) return false;
  seen.push(place);
  return true;
}

/**
 * Returns the quality of a picture of which this is inside its frame.
 *
 * A frame has detail of its own, the same around every picture; it doesn't make up for a picture
 * that has too little.
 */
export function qualityInside(quality: number, look: Look | null): number {
  if (!look) return 0;
  const held = look.view === "whole" ? quality : hashLook(look).quality;
  return held >= MINIMUM_QUALITY ? quality : Math.min(quality, held);
}
