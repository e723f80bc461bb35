/** What the page and its Worker say to each other about one video; the page always begins. */

import type { MadeSignals, Trouble } from "../model.ts";
import type { Shown } from "./luma.ts";

/** What the page asks for. */
export type Ask =
  /** Here is the file: can you read its frames yourself? */
  | { readonly open: File }
  /** Read on, for a moment. */
  | { readonly read: true }
  /** Here is a frame that I read, shown at so many milliseconds. */
  | { readonly frame: Shown; readonly time: number }
  /** There are no more frames: what is left of the video? */
  | { readonly finish: Ending }
  /** Never mind. */
  | { readonly stop: true };

/** How the reading of frames ended. */
export interface Ending {
  /** Milliseconds to the end of the last frame. */
  readonly duration: number;
  /** Whether all that the file promises was read. */
  readonly complete: boolean;
}

/** What the Worker answers. */
export interface Answer {
  /** What went wrong; then nothing else is said. */
  readonly trouble?: Trouble;
  /** To `open`: whether the Worker reads the frames; else the page has to. */
  readonly reads?: boolean;
  /** Share of the file that was read. */
  readonly share?: number;
  /** Milliseconds between frames that are worth sending. */
  readonly every?: number;
  /** How the Worker's reading ended. */
  readonly ending?: Ending;
  /** To `finish`, when the file's digests are made as well. */
  readonly made?: MadeSignals;
}
