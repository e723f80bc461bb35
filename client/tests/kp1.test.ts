/** The keypoint signals of drawn pictures are those of vectors/kp1.json, bit for bit. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  describeBest,
  describeRegistered,
  MOST_REGISTERED,
  toDescribe,
} from "../src/signals/kp1/index.ts";
import { shrunk } from "../src/signals/kp1/means.ts";
import { keypoints } from "../src/signals/kp1/ranking.ts";
import { scaleSpace } from "../src/signals/kp1/scalespace.ts";
import { drawPale, drawPaleGrey, type PaleDrawing } from "./kp1-drawn.ts";

interface Expectation extends PaleDrawing {
  readonly sum_of_pixels: number;
  readonly keypoints: number;
  readonly best: readonly { signal: string; place: string; strength: number }[];
  readonly packed_sha256: { readonly plain: string };
  readonly registered_sha256: Readonly<Record<string, string>>;
}

const VECTORS = new URL("../../vectors/kp1.json", import.meta.url);
const { drawings } = JSON.parse(readFileSync(VECTORS, "utf8")) as { drawings: Expectation[] };

const LOOKED_UP = 300;

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

for (const expected of drawings) {
  describe(`drawing ${expected.seed}, ${expected.width} × ${expected.height}`, () => {
    const picture = toDescribe(drawPaleGrey(expected));
    const { count, packed } = describeBest(picture, LOOKED_UP);

    test("is drawn as the formula says", () => {
      const sum = drawPale(expected).reduce((total, pixel) => total + pixel, 0);

      assert.equal(sum, expected.sum_of_pixels);
    });

    test("has as many keypoints, and every bit of them", () => {
      assert.equal(count, expected.keypoints);
      assert.equal(sha256(packed), expected.packed_sha256.plain);
    });

    test("is registered with keypoints from all over it", () => {
      for (const [most, digest] of Object.entries(expected.registered_sha256)) {
        const registered = describeRegistered(picture, Number(most));

        assert.equal(registered.count, Math.min(count, Number(most)));
        assert.equal(sha256(registered.packed), digest);
      }
    });

    test("has the best ones where they are, equally strong to the last bit", () => {
      const searched = shrunk(picture, 256);
      const found = keypoints(picture, searched, scaleSpace(searched), LOOKED_UP);

      const shown = expected.best.map((_, row) => {
        const bytes = Buffer.from(packed.subarray(2 + 35 * row, 37 + 35 * row));
        return {
          signal: bytes.toString("hex", 0, 32),
          place: bytes.toString("hex", 32),
          strength: found[row].strength,
        };
      });
      assert.deepEqual(shown, expected.best);
    });
  });
}

test("no more keypoints are registered than the hub takes", () => {
  const { count, packed } = describeRegistered(toDescribe(drawPaleGrey(drawings[0])));

  assert.equal(count, MOST_REGISTERED);
  assert.equal(packed.length, 2802);
});

test("a flat picture, a line and a single pixel have no keypoints", () => {
  for (const [width, height] of [
    [600, 400],
    [2000, 1],
    [1, 1],
  ]) {
    const flat = { width, height, data: new Float32Array(width * height).fill(127) };

    const { count, packed } = describeRegistered(toDescribe(flat));

    assert.equal(count, 0);
    assert.equal(packed.length, 2);
  }
});

test("only a picture of more than 512 pixels is shrunk, to the means of what each covers", () => {
  const data = Float32Array.from({ length: 1024 }, (_, x) => x % 8);
  const row = { width: 1024, height: 1, data };
  const small = { width: 512, height: 1, data: new Float32Array(512) };

  assert.deepEqual([...toDescribe(row).data.subarray(0, 4)], [0.5, 2.5, 4.5, 6.5]);
  assert.equal(toDescribe(small), small);
});
