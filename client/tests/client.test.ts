/** One Worker makes all signals; if it falls over, that file has none and the next one has. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { SignalMaker } from "../src/signals/client.ts";
import { NoSignals } from "../src/signals/model.ts";
import type { Answer, Request } from "../src/signals/protocol.ts";

/** A Worker that falls over at its first job, and answers as another one. */
class FragileWorker {
  static started = 0;
  readonly number = ++FragileWorker.started;
  onmessage: ((event: { data: Answer }) => void) | null = null;
  onerror: (() => void) | null = null;

  /** Answers a job, or falls over. */
  postMessage(request: Request): void {
    queueMicrotask(() => {
      if (this.number === 1) this.onerror?.();
      else if ("file" in request) this.onmessage?.({ data: { job: request.job, made: MADE } });
    });
  }

  /** Ends it. */
  terminate(): void {
    this.onmessage = null;
  }
}

const MADE = {
  kind: "picture",
  quality: 90,
  plain: [],
  withKeypoints: [],
  frames: 0,
  complete: true,
} as const;

test("a file after the one that was too much for the Worker is worked on", async () => {
  Object.assign(globalThis, { Worker: FragileWorker });
  const maker = new SignalMaker("/signals.js");
  const never = new AbortController().signal;
  const file = new File(["x"], "");

  await assert.rejects(maker.picture(file, () => undefined, never), new NoSignals("too_large"));

  assert.equal(await maker.picture(file, () => undefined, never), MADE);
  assert.equal(FragileWorker.started, 2);
});
