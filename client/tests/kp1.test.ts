/** The keypoint signals of drawn pictures are those of vectors/kp1.json, bit for bit. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { describeBest, toDescribe } from "../src/signals/kp1/index.ts";
import { shrunk } from "../src/signals/kp1/means.ts";
import { keypoints } from "../src/signals/kp1/ranking.ts";
import { scaleSpace } from "../src/signals/kp1/scalespace.ts";
import { drawPale, drawPaleGrey, type PaleDrawing } from "./kp1-drawn.ts";

interface Expectation extends PaleDrawing {
  readonly sum_of_pixels: number;
  readonly keypoints: number;
  readonly best: readonly { signal: string; place: string; strength: number }[];
  readonly packed_sha256: { readonly plain: string };
}

const VECTORS = new URL("../../vectors/kp1.json", import.meta.url);
const drawings = (JSON.parse(readFileSync(VECTORS, "utf8")) as { drawings: Expectation[] }).drawings;

const LOOKED_UP = 300;

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
      const digest = createHash("sha256").update(packed).digest("hex");
      assert.equal(digest, expected.packed_sha256.plain);
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
