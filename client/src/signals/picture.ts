/**
 * One picture in, what a reporter's device registers of it out.
 *
 * Twin of `src/takeback/hashing/picture.py` in the role of a reporter.
 */

import type { View } from "../wire.ts";
import { bundled } from "./bundle.ts";
import { decode } from "./decode.ts";
import { headerOf } from "./header.ts";
import { describeRegistered, toDescribe } from "./kp1/index.ts";
import { qualityInside, seenIn } from "./looking.ts";
import type { Grey, Progress } from "./model.ts";
import { copied } from "./parts.ts";
import { MINIMUM_QUALITY, Sampler, coefficients, dihedralSignals, qualityOf } from "./pdq.ts";
import { Shrinker } from "./shrink.ts";
import type { Stop } from "./stop.ts";
import type { Decoded } from "./strips.ts";
import type { Turn } from "./upright.ts";
import type { Look, ViewSignals } from "./views.ts";

/** Longest side of the picture that views are made of. */
const VIEWED_SIDE = 1024;

/** Longest side of the picture that keypoints are described of. */
const DESCRIBED_SIDE = 512;

/** Shares of the work that are done once a picture is decoded, read, and seen in every view. */
const DONE = { decoded: 0.25, read: 0.5, viewed: 0.75 } as const;

/** What is left of a picture once it is hashed. */
export interface PictureSignals {
  /** Detail, 0 (flat) to 100; a flat picture inside a frame is flat. */
  readonly quality: number;
  /** Eight signals, the first of the picture upright. */
  readonly dihedral: readonly string[];
  readonly path: "full" | "luminance";
  /** Other ways of looking at it, each good enough to register. */
  readonly views: readonly ViewSignals[];
  /** Keypoints of what is inside its frame; null where nothing stands out. */
  readonly keypoints: KeypointLook | null;
}

/** Keypoint signals of one look, packed. */
export interface KeypointLook {
  readonly view: View;
  readonly count: number;
  readonly packed: Uint8Array;
}

/** A decoded picture in the sizes that signals are made of. */
export interface Sizes {
  readonly samples: Float32Array;
  readonly viewed: Grey;
  readonly described: Grey;
}

/** Hashes one picture. Throws `NoSignals` if it can't be decoded. */
export async function hashPicture(file: Blob, on: Progress, stop: Stop): Promise<PictureSignals> {
  const header = await headerOf(file);
  const decoded = await decode(file, header);
  try {
    const sizes = await sizesOf(decoded, on, stop);
    return await signalsOf(sizes, header.turn, decoded.opened.path, on, stop);
  } finally {
    decoded.opened.close();
  }
}

/** Reads a picture once, from its top to its end, in all sizes that are needed. */
export async function sizesOf({ opened, turn }: Decoded, on: Progress, stop: Stop): Promise<Sizes> {
  const { width, height, rows } = opened;
  const sampler = new Sampler(width, height, turn);
  const viewed = new Shrinker(width, height, turn, VIEWED_SIDE);
  const described = new Shrinker(width, height, turn, DESCRIBED_SIDE);
  for (let top = 0; top < height; top += rows) {
    on(DONE.decoded + (DONE.read - DONE.decoded) * (top / height));
    await stop.rest();
    const strip = await opened.read(top, Math.min(rows, height - top));
    for (const each of [sampler, viewed, described]) each.add(top, strip);
  }
  opened.close();
  return { samples: sampler.samples(), viewed: viewed.picture(), described: described.picture() };
}

/** Makes every signal of a picture that was read. */
export async function signalsOf(
  { samples, viewed, described }: Sizes,
  turn: Turn,
  path: PictureSignals["path"],
  on: Progress,
  stop: Stop,
): Promise<PictureSignals> {
  on(DONE.read);
  await stop.rest();
  const dihedral = dihedralSignals(coefficients(samples));
  const seen = seenIn(viewed);
  const quality = qualityInside(qualityOf(samples), seen.inside);
  const views = bundled(viewed, seen.framed, turn, dihedral, quality).filter(isGood);
  on(DONE.viewed);
  await stop.rest();
  return { quality, dihedral, path, views, keypoints: keypointsOf(described, seen.inside) };
}

function isGood(view: ViewSignals): boolean {
  return view.quality >= MINIMUM_QUALITY;
}

/** Describes what is inside the picture's frame, if there is anything. */
function keypointsOf(whole: Grey, look: Look | null): KeypointLook | null {
  if (!look) return null;
  const found = describeRegistered(look.view === "whole" ? whole : toDescribe(copied(look.part)));
  return found.count ? { view: look.view, ...found } : null;
}
