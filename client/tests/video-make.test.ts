/** The page's side of a video: it rests, stops and tells, whatever the Worker is at. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type MadeSignals, NoSignals, type Trouble } from "../src/signals/model.ts";
import { makeVideo } from "../src/signals/video/make.ts";
import type { Answer, Ask } from "../src/signals/video/messages.ts";

const FILE = new File(["not really a video"], "video.mp4");
const MADE: MadeSignals = {
  kind: "video",
  quality: 90,
  plain: [],
  withKeypoints: [],
  frames: 2,
  complete: true,
};

/** A Worker that answers from a list, and what it was asked. */
class Played {
  readonly asked: string[] = [];
  readonly #answers: (Answer | undefined)[];

  constructor(...answers: (Answer | undefined)[]) {
    this.#answers = answers;
  }

  readonly connect = (port: MessagePort): void => {
    port.onmessage = ({ data }: MessageEvent<Ask>) => {
      this.asked.push(Object.keys(data)[0]);
      const answer = this.#answers.shift();
      if (answer) port.postMessage(answer);
      if ("stop" in data) port.close();
    };
  };
}

const ENDING = { duration: 2000, complete: true };
const STEPS = [
  { reads: true },
  { share: 0.4 },
  { ending: ENDING },
  { share: 0.97 },
  { made: MADE },
];

const fails = (making: Promise<unknown>, trouble: Trouble): Promise<void> =>
  assert.rejects(making, (error) => error instanceof NoSignals && error.trouble === trouble);

const go = (): Promise<void> => Promise.resolve();
const never = (): Promise<void> => new Promise(() => undefined);

describe("making the signals of a video", () => {
  test("goes step by step and tells how far it is", async () => {
    const worker = new Played(...STEPS);
    const shares: number[] = [];
    const tell = (share: number): number => shares.push(share);
    const made = await makeVideo(FILE, worker.connect, tell, new AbortController().signal, go);
    assert.deepEqual(made, MADE);
    assert.deepEqual(shares, [0.4, 0.97]);
    assert.deepEqual(worker.asked, ["open", "read", "read", "finish", "finish"]);
  });

  test("rests for as long as she wants", async () => {
    const worker = new Played(...STEPS);
    let goOn = (): void => undefined;
    let rests = 0;
    const paused = (): Promise<void> =>
      rests++ === 1 ? new Promise((done) => (goOn = done)) : Promise.resolve();
    const making = makeVideo(FILE, worker.connect, go, new AbortController().signal, paused);
    await new Promise((done) => setTimeout(done, 50));
    assert.deepEqual(worker.asked, ["open"]);
    goOn();
    assert.deepEqual(await making, MADE);
  });

  test("stops while it rests", async () => {
    const stop = new AbortController();
    const making = makeVideo(FILE, new Played().connect, go, stop.signal, never);
    stop.abort();
    await fails(making, "cancelled");
  });

  test("stops while the Worker is busy, and tells it", async () => {
    const worker = new Played({ reads: true }, undefined);
    const stop = new AbortController();
    const making = makeVideo(FILE, worker.connect, go, stop.signal, go);
    setTimeout(() => stop.abort(), 20);
    await fails(making, "cancelled");
    await new Promise((done) => setTimeout(done, 20));
    assert.equal(worker.asked.at(-1), "stop");
  });

  test("does not begin if it was stopped before", async () => {
    const worker = new Played(...STEPS);
    await fails(makeVideo(FILE, worker.connect, go, AbortSignal.abort(), go), "cancelled");
  });

  test("says what the Worker says went wrong", async () => {
    const worker = new Played({ reads: true }, { ending: ENDING }, { trouble: "flat" });
    await fails(makeVideo(FILE, worker.connect, go, new AbortController().signal, go), "flat");
  });

  test("needs a file with something in it", async () => {
    const none = new File([], "video.mp4");
    const { signal } = new AbortController();
    await fails(makeVideo(none, new Played().connect, go, signal, go), "empty");
  });
});
