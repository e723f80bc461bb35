/** What passes between the parts that make signals, and to the pages that ask for them. */

import type { SignalDocument } from "../wire.ts";

/** A grey picture, row by row from the top, 0 to 255. */
export interface Grey {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Why a file gave no signals; pages have a sentence for each. */
export type Trouble =
  | "not_readable" /** neither a picture nor a video that this browser can decode */
  | "heic" /** a HEIC picture, which this browser can't decode; iOS converts if asked for JPEG */
  | "empty" /** no bytes */
  | "too_large" /** more bytes or pixels than a phone can take */
  | "damaged" /** it begins well and can't be read to its end */
  | "flat" /** too little detail to be told apart from others */
  | "no_frames" /** a video of which no frame can be read */
  | "canvas" /** the browser alters what pages read from pictures, and no other way is left */
  | "cancelled";

/** The error that everything in `signals/` throws when a file gives no signals. */
export class NoSignals extends Error {
  readonly trouble: Trouble;

  constructor(trouble: Trouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

/** The signals of one picture or video, ready for an item of a registration. */
export interface MadeSignals {
  readonly kind: "picture" | "video";
  /** Detail, 0 (flat) to 100. */
  readonly quality: number;
  /** What is registered in any case, in the order that the hub shows it. */
  readonly plain: readonly SignalDocument[];
  /** What takes its place, or is added, once she says yes to keypoints: the whole list again. */
  readonly withKeypoints: readonly SignalDocument[];
  /** Frames kept, of a video. */
  readonly frames: number;
  /** False: a video was cut short, and these are of what was readable. */
  readonly complete: boolean;
}

/** Share of the work done, 0 to 1. */
export type Progress = (share: number) => void;
