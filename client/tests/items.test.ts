/** What a browser registers is what the command line registers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { madeOf } from "../src/signals/items.ts";
import type { PictureSignals } from "../src/signals/picture.ts";
import type { View } from "../src/wire.ts";

const signal = (digit: string): string => digit.repeat(64);
const view = (name: View, value: string, quality = 90): PictureSignals["views"][number] => ({
  view: name,
  quality,
  dihedral: [value],
});

const picture: PictureSignals = {
  quality: 88,
  dihedral: [signal("a")],
  path: "luminance",
  views: [view("mirror", signal("b"), 88), view("centre_1x1", signal("c"))],
  keypoints: { view: "trimmed", count: 40, packed: Uint8Array.of(64, 48, 251, 255) },
};

test("the whole comes first, then its views, each by how it was decoded", () => {
  assert.deepEqual(madeOf(picture).plain, [
    { type: "pdq", value: signal("a"), quality: 88, view: "whole", path: "luminance" },
    { type: "pdq", value: signal("b"), quality: 88, view: "mirror", path: "luminance" },
    { type: "pdq", value: signal("c"), quality: 90, view: "centre_1x1", path: "scaled" },
  ]);
});

test("keypoints come last, and only where she says yes", () => {
  const made = madeOf(picture);
  assert.deepEqual(made.withKeypoints.slice(0, -1), made.plain);
  assert.deepEqual(made.withKeypoints.at(-1), { type: "kp1", value: "QDD7_w", view: "trimmed" });
});

test("a signal that two views share is sent once, and never that of the whole again", () => {
  const views = [
    view("mirror", signal("a")),
    view("centre_1x1", signal("c")),
    view("trimmed", signal("c")),
  ];
  const names = madeOf({ ...picture, views }).plain.map((each) => "view" in each && each.view);
  assert.deepEqual(names, ["whole", "centre_1x1"]);
});

test("too few keypoints to agree on a place are not sent", () => {
  const keypoints = { view: "whole", count: 2, packed: new Uint8Array(72) } as const;
  const made = madeOf({ ...picture, keypoints });
  assert.deepEqual(made.withKeypoints, made.plain);
});

test("a flat picture is refused", () => {
  const few = { view: "whole", count: 39, packed: new Uint8Array(9) } as const;
  for (const keypoints of [null, few]) {
    assert.throws(() => madeOf({ ...picture, quality: 49, keypoints }), { trouble: "flat" });
  }
});

test("a pale picture that stands out in many places is registered by those alone", () => {
  const made = madeOf({ ...picture, quality: 49 });
  assert.deepEqual(made.plain, []);
  assert.deepEqual(made.withKeypoints.map(({ type }) => type), ["kp1"]);
});
