/** What a browser makes of drawn scenes is what Python makes of them. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Strip } from "../src/signals/bands.ts";
import { distance } from "../src/signals/pdq.ts";
import { type PictureSignals, signalsOf, sizesOf } from "../src/signals/picture.ts";
import { Stop } from "../src/signals/stop.ts";
import { stripOf } from "../src/signals/strips.ts";
import { turnOf } from "../src/signals/upright.ts";
import { type Scene, pixelsOf, vectors } from "./scenes.ts";

const nothing = (): void => undefined;

async function signals(scene: Scene): Promise<PictureSignals> {
  const { width, height } = scene;
  const rgba = pixelsOf(scene);
  const read = async (top: number, rows: number): Promise<Strip> =>
    stripOf(rgba.subarray(4 * top * width, 4 * (top + rows) * width), rows, width * height);
  const opened = { width, height, rows: 64, path: "full", read, close: nothing } as const;
  const turn = turnOf(scene.orientation);
  const sizes = await sizesOf({ opened, turn }, nothing, new Stop());
  return signalsOf(sizes, turn, "full", nothing, new Stop());
}

function isNear(signal: string, expected: string): boolean {
  return distance(signal, expected) <= vectors.tolerance_bits;
}

for (const scene of vectors.scenes) {
  test(`the scene “${scene.name}” is drawn as everywhere`, () => {
    const colours = pixelsOf(scene).filter((_, at) => at % 4 < scene.channels);
    const sum = colours.reduce((total, value) => total + value, 0);
    assert.equal(sum, scene.sum_of_pixels);
  });

  test(`the scene “${scene.name}” has its signals, views and keypoints`, async () => {
    const found = await signals(scene);
    assert.ok(isNear(found.dihedral[0], scene.whole));
    assert.equal(found.quality, scene.quality);
    assert.deepEqual(
      found.views.map(({ view, quality }) => ({ view, quality })),
      scene.views.map(({ view, quality }) => ({ view, quality })),
    );
    for (const [at, { dihedral }] of found.views.entries()) {
      assert.ok(isNear(dihedral[0], scene.views[at].signal), scene.views[at].view);
    }
    assert.deepEqual(found.keypoints && seen(found.keypoints), scene.keypoints[0] ?? null);
  });
}

/** Keypoints as the vectors show them: there is no tolerance. */
function seen({ view, count, packed }: NonNullable<PictureSignals["keypoints"]>): unknown {
  const digest = createHash("sha256").update(packed).digest("hex");
  return { view, count, packed_sha256: digest };
}

test("a job that was asked to stop stops while it reads", async () => {
  const stop = new Stop();
  stop.ask();
  const read = async (): Promise<Strip> => assert.fail("nothing is read any more");
  const opened = { width: 9, height: 9, rows: 4, path: "full", read, close: nothing } as const;
  await assert.rejects(sizesOf({ opened, turn: turnOf(1) }, nothing, stop), {
    trouble: "cancelled",
  });
});
