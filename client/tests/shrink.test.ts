/** Small pictures are exact means, whatever the strips and the turn. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Shrinker, fitted } from "../src/signals/shrink.ts";
import { turnOf } from "../src/signals/upright.ts";
import { drawStrip } from "./drawn.ts";

const SIZES: readonly [number, number, number, [number, number]][] = [
  [4000, 3000, 1024, [1024, 768]],
  [3000, 4000, 512, [384, 512]],
  [1025, 1, 1024, [1024, 1]],
  [640, 480, 1024, [640, 480]],
  [2000, 3, 512, [512, 1]],
];

for (const [width, height, longest, size] of SIZES) {
  test(`${width} × ${height} is fitted to ${longest}`, () => {
    assert.deepEqual(fitted(width, height, longest), size);
  });
}

const [WIDTH, HEIGHT, LONGEST] = [311, 205, 90];
const { grey } = drawStrip({ seed: 9, width: WIDTH, height: HEIGHT, channels: 3 });

/** The mean by its definition: every pixel cut into as many pieces as the small picture has. */
function meanAt(column: number, row: number, columns: number, rows: number): number {
  let sum = 0;
  const overlap = (at: number, pieces: number, pixels: number, pixel: number): number =>
    Math.min((at + 1) * pixels, (pixel + 1) * pieces) - Math.max(at * pixels, pixel * pieces);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const [down, across] = [overlap(row, rows, HEIGHT, y), overlap(column, columns, WIDTH, x)];
      if (down > 0 && across > 0) sum += down * across * grey[y * WIDTH + x];
    }
  }
  return sum / (WIDTH * HEIGHT);
}

function shrunk(step: number, orientation = 1): ReturnType<Shrinker["picture"]> {
  const shrinker = new Shrinker(WIDTH, HEIGHT, turnOf(orientation), LONGEST);
  for (let top = 0; top < HEIGHT; top += step) {
    const rows = Math.min(step, HEIGHT - top);
    shrinker.add(top, { rows, grey: grey.subarray(top * WIDTH, (top + rows) * WIDTH) });
  }
  return shrinker.picture();
}

test("every pixel is the mean of what it covers, to the last bit", () => {
  const { width, height, data } = shrunk(HEIGHT);
  assert.deepEqual([width, height], [90, 59]);
  for (const [column, row] of [[0, 0], [89, 58], [44, 31], [7, 50]]) {
    assert.equal(data[row * width + column], Math.fround(meanAt(column, row, width, height)));
  }
});

test("strips make no difference", () => {
  for (const step of [1, 2, 7, 64]) assert.deepEqual(shrunk(step), shrunk(HEIGHT));
});

test("a stored picture is shrunk, then turned upright", () => {
  const { width, height, data } = shrunk(HEIGHT);
  const turned = shrunk(HEIGHT, 6);
  assert.deepEqual([turned.width, turned.height], [height, width]);
  for (const [x, y] of [[0, 0], [58, 89], [10, 3]]) {
    assert.equal(turned.data[y * turned.width + x], data[(height - 1 - x) * width + y]);
  }
});
