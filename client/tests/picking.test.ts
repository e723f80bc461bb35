/** Files on their way to signals: one at a time; each can be held, dropped or tried again. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as soon } from "node:timers/promises";

import { type Maker, MOST_ITEMS, Picking } from "../src/islands/case/picking.ts";
import { type MadeSignals, NoSignals, type Progress, type Trouble } from "../src/signals/model.ts";

const MADE: MadeSignals = {
  kind: "picture",
  quality: 90,
  plain: [],
  withKeypoints: [],
  frames: 0,
  complete: true,
};

/** Makes signals when it is told to, or at once. */
class FakeMaker implements Maker {
  readonly begun: string[] = [];
  readonly stopped: string[] = [];
  trouble: Trouble | undefined;
  hold: Promise<void> = Promise.resolve();

  async make(file: File, on: Progress, stop: AbortSignal, paused: () => Promise<void>) {
    this.begun.push(file.name);
    stop.addEventListener("abort", () => this.stopped.push(file.name));
    on(0.5);
    await this.hold;
    await paused();
    if (stop.aborted) throw new NoSignals("cancelled");
    if (this.trouble) throw new NoSignals(this.trouble);
    return { ...MADE, kind: file.type.startsWith("video/") ? ("video" as const) : MADE.kind };
  }
}

function file(name: string, type = "image/jpeg"): File {
  return new File(["x"], name, { type });
}

function files(count: number): File[] {
  return Array.from({ length: count }, (_, place) => file(`${place}`));
}

function picking(maker: Maker): Picking {
  return new Picking(maker, () => undefined);
}

async function idle(all: Picking): Promise<void> {
  for (let round = 0; round < 100 && all.busy; round++) await soon();
}

test("pictures and videos are counted by themselves", async () => {
  const all = picking(new FakeMaker());

  all.add([file("a"), file("b", "video/mp4"), file("c")]);
  await idle(all);

  assert.deepEqual(
    all.all.map(({ kind, number, state }) => [kind, number, state]),
    [
      ["picture", 1, "done"],
      ["video", 1, "done"],
      ["picture", 2, "done"],
    ],
  );
  assert.equal(all.made.length, 3);
});

test("five hundred files: twenty are taken, and how many are left is told", async () => {
  const all = picking(new FakeMaker());

  const left = all.add(files(500));
  await idle(all);

  assert.equal(left, 480);
  assert.equal(all.made.length, MOST_ITEMS);
  assert.equal(all.add([file("one more")]), 1);
});

test("what gave no signals takes no place among the twenty", async () => {
  const maker = new FakeMaker();
  const all = picking(maker);
  maker.trouble = "not_readable";
  all.add(files(3));
  await idle(all);

  maker.trouble = undefined;
  const left = all.add(files(MOST_ITEMS + 1));
  await idle(all);

  assert.equal(left, 1);
  assert.equal(all.made.length, MOST_ITEMS);
  assert.equal(all.all.length, MOST_ITEMS + 3);
});

test("a file is not tried again while twenty others take every place", async () => {
  const maker = new FakeMaker();
  const all = picking(maker);
  maker.trouble = "damaged";
  all.add(files(1));
  await idle(all);
  maker.trouble = undefined;
  all.add(files(MOST_ITEMS));
  await idle(all);
  const failed = all.all[0]!;

  assert.equal(all.retry(failed), 1);
  assert.equal(failed.state, "trouble");

  all.remove(all.all[1]!);
  assert.equal(all.retry(failed), 0);
  await idle(all);
  assert.equal(failed.state, "done");
  assert.equal(all.made.length, MOST_ITEMS);
});

test("a file that is dropped while it is worked on is stopped, and the next begins", async () => {
  const maker = new FakeMaker();
  let free = (): void => undefined;
  maker.hold = new Promise((resolve) => (free = resolve));
  const all = picking(maker);
  all.add([file("first"), file("second")]);

  all.remove(all.all[0]!);
  free();
  await idle(all);

  assert.deepEqual(maker.stopped, ["first"]);
  assert.deepEqual(maker.begun, ["first", "second"]);
  assert.equal(all.made.length, 1);
});

test("a file in trouble says which, and may be tried again", async () => {
  const maker = new FakeMaker();
  maker.trouble = "canvas";
  const all = picking(maker);
  all.add([file("first")]);
  await idle(all);
  assert.equal(all.all[0]?.trouble, "canvas");

  maker.trouble = undefined;
  all.retry(all.all[0]!);
  await idle(all);

  assert.equal(all.all[0]?.state, "done");
  assert.equal(all.all[0]?.trouble, undefined);
});

test("a video that is held goes on where it was", async () => {
  const maker = new FakeMaker();
  let free = (): void => undefined;
  maker.hold = new Promise((resolve) => (free = resolve));
  const all = picking(maker);
  all.add([file("film", "video/mp4")]);
  const film = all.all[0]!;

  all.pause(film);
  free();
  for (let round = 0; round < 10; round++) await soon();
  assert.equal(film.state, "paused");
  all.resume(film);
  await idle(all);

  assert.equal(film.state, "done");
});

test("the share of all is the mean, and trouble counts as done", async () => {
  const maker = new FakeMaker();
  const all = picking(maker);
  assert.equal(all.share, 1);

  maker.hold = new Promise(() => undefined);
  all.add([file("first"), file("second")]);
  await soon();

  assert.equal(all.share, 0.25);
});
