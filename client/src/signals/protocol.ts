/** What a page and its Worker say to each other. Nothing of it goes anywhere else. */

import type { MadeSignals, Trouble } from "./model.ts";

/** A picture to hash, the wish to stop, or the end of a channel for a video. */
export type Request =
  | { readonly job: number; readonly file: Blob }
  | { readonly job: number; readonly stop: true }
  | { readonly port: MessagePort };

/** The job that no page asked for: the Worker has loaded. */
export const READY = 0;

/** How far a job is, what came of it, or why nothing did. */
export interface Answer {
  readonly job: number;
  readonly share?: number;
  readonly made?: MadeSignals;
  readonly trouble?: Trouble;
}
