/** A canvas is believed when it gives back what was drawn, but for a little noise. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isNear } from "../src/signals/canvas.ts";
import { draw } from "./drawn.ts";

const drawn = draw({ seed: 2, width: 32, height: 32, channels: 3 });

test("a canvas that gives back what was drawn is true", () => {
  assert.ok(isNear(drawn.slice(), drawn));
});

test("a canvas that adds what some browsers add is true enough", () => {
  const noisy = drawn.map((value, at) => value + [0, 1, -1, 0, 2][at % 5]);
  assert.ok(isNear(noisy, drawn));
});

test("a canvas that gives white, or anything else, is not", () => {
  assert.ok(!isNear(drawn.map(() => 255), drawn));
  assert.ok(!isNear(drawn.slice().reverse(), drawn));
});

test("a canvas that alters a few pixels very much is not", () => {
  assert.ok(!isNear(drawn.map((value, at) => (at < 8 ? 255 - value : value)), drawn));
});

test("a canvas that alters all pixels a little too much is not", () => {
  assert.ok(!isNear(drawn.map((value) => value ^ 3), drawn));
});
