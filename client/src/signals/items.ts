/**
 * What is registered of a picture, in the words of the hub.
 *
 * Twin of `src/takeback/cli/case/items.py`, so that a browser sends what the command line sends.
 */

import type { KeypointDocument, PdqDocument } from "../wire.ts";
import { type MadeSignals, NoSignals } from "./model.ts";
import { MINIMUM_QUALITY } from "./pdq.ts";
import type { PictureSignals } from "./picture.ts";
import { base64url } from "./text.ts";
import type { ViewSignals } from "./views.ts";

/** Fewer keypoints can't agree on a place, so they could never match. */
const FEWEST_KEYPOINTS = 3;

/** From so many on they may stand for a picture that has too little detail as a whole. */
const ENOUGH_KEYPOINTS = 40;

/**
 * Returns what to register of a picture.
 *
 * Throws {@link NoSignals} `flat`, unless keypoints alone can tell the picture from others.
 */
export function madeOf(picture: PictureSignals): MadeSignals {
  const keypoints = keypointDocuments(picture);
  const made = { kind: "picture", quality: picture.quality, frames: 0, complete: true } as const;
  if (picture.quality < MINIMUM_QUALITY) {
    if ((picture.keypoints?.count ?? 0) < ENOUGH_KEYPOINTS) throw new NoSignals("flat");
    return { ...made, plain: [], withKeypoints: keypoints };
  }
  const plain = [whole(picture), ...views(picture)];
  return { ...made, plain, withKeypoints: [...plain, ...keypoints] };
}

function whole({ dihedral, quality, path }: PictureSignals): PdqDocument {
  return { type: "pdq", value: dihedral[0], quality, view: "whole", path };
}

/** Describes the views, each signal once: those of a symmetric picture can be equal. */
function views(picture: PictureSignals): PdqDocument[] {
  const byValue = new Map<string, ViewSignals>();
  for (const view of [...picture.views].reverse()) byValue.set(view.dihedral[0], view);
  byValue.delete(picture.dihedral[0]);
  return [...byValue].reverse().map(([value, { view, quality }]) => ({
    type: "pdq",
    value,
    quality,
    view,
    path: view === "mirror" ? picture.path : "scaled",
  }));
}

function keypointDocuments({ keypoints }: PictureSignals): KeypointDocument[] {
  if (!keypoints || keypoints.count < FEWEST_KEYPOINTS) return [];
  return [{ type: "kp1", value: base64url(keypoints.packed), view: keypoints.view }];
}
