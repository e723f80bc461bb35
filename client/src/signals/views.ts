/**
 * One way of looking at a picture, and the signals of what is seen.
 *
 * Nothing here decides which views there are: `looking.ts` finds frames, `bundle.ts` knows what is
 * registered.
 */

import type { View } from "../wire.ts";
import type { Grey } from "./model.ts";
import { type Box, type Part, partOf, placeOf, rounded } from "./parts.ts";
import { Sampler, coefficients, dihedralSignals, qualityOf } from "./pdq.ts";
import type { Place } from "./place.ts";
import { AS_STORED } from "./upright.ts";

/** One view before it is hashed. */
export interface Look {
  readonly view: View;
  readonly place: Place;
  readonly part: Part;
}

/** What is left of one view once it is hashed. */
export interface ViewSignals {
  readonly view: View;
  readonly quality: number;
  /** Eight signals, the first of the view as it lies. */
  readonly dihedral: readonly string[];
}

/** Looks at a part of a picture. */
export function lookAt(view: View, grey: Grey, box: Box): Look {
  return { view, place: placeOf(box, grey), part: partOf(grey, box) };
}

/** Hashes one view. */
export function hashLook({ view, part }: Look): ViewSignals {
  const sampler = new Sampler(part.width, part.height, AS_STORED);
  sampler.add(0, { rows: part.height, grey: rounded(part) });
  const samples = sampler.samples();
  const dihedral = dihedralSignals(coefficients(samples));
  return { view, quality: qualityOf(samples), dihedral };
}
