/** PDQ gives what vectors/pdq.json says, which independent implementations agree on. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Sampler, coefficients, dihedralSignals, distance, qualityOf } from "../src/signals/pdq.ts";
import type { Strip } from "../src/signals/bands.ts";
import { AS_STORED, turnOf } from "../src/signals/upright.ts";
import { type Drawing, draw, drawStrip } from "./drawn.ts";

interface Expected extends Drawing {
  readonly sum_of_pixels: number;
  readonly quality: number;
  readonly dihedral: readonly string[];
}

interface Vectors {
  readonly tolerance_bits: number;
  readonly signals: {
    readonly valid: readonly string[];
    readonly distances: readonly [number, number, number][];
  };
  readonly drawings: readonly Expected[];
}

const path = new URL("../../vectors/pdq.json", import.meta.url);
const vectors: Vectors = JSON.parse(readFileSync(path, "utf8"));

function samplesOf(width: number, height: number, strip: Strip, orientation = 1): Float32Array {
  const sampler = new Sampler(width, height, turnOf(orientation));
  sampler.add(0, strip);
  return sampler.samples();
}

for (const drawing of vectors.drawings) {
  const name = `drawing ${drawing.seed}, ${drawing.width} × ${drawing.height}`;

  test(`${name} is drawn as everywhere`, () => {
    const rgba = draw(drawing);
    let sum = 0;
    for (let at = 0; at < rgba.length; at += 4) {
      for (let c = 0; c < drawing.channels; c++) sum += rgba[at + c];
    }
    assert.equal(sum, drawing.sum_of_pixels);
  });

  test(`${name} has the signals and the quality of the vectors`, () => {
    const samples = samplesOf(drawing.width, drawing.height, drawStrip(drawing));
    const bits = dihedralSignals(coefficients(samples)).map((signal, at) =>
      distance(signal, drawing.dihedral[at]),
    );
    assert.equal(bits.length, 8);
    assert.ok(Math.max(...bits) <= vectors.tolerance_bits, `${bits}`);
    assert.equal(qualityOf(samples), drawing.quality);
  });
}

test("distances are those of the vectors", () => {
  const { valid, distances } = vectors.signals;
  for (const [a, b, bits] of distances) assert.equal(distance(valid[a], valid[b]), bits);
});

test("strips give what the whole picture gives", () => {
  const drawing = { seed: 5, width: 640, height: 480, channels: 3 };
  const { grey } = drawStrip(drawing);
  const sampler = new Sampler(640, 480, AS_STORED);
  for (let top = 0; top < 480; top += 37) {
    const rows = Math.min(37, 480 - top);
    sampler.add(top, { rows, grey: grey.subarray(640 * top, 640 * (top + rows)) });
  }
  const whole = samplesOf(640, 480, { rows: 480, grey });
  const off = sampler.samples().map((value, at) => Math.abs(value - whole[at]));
  assert.ok(Math.max(...off) < 1e-4);
});

/** Where a pixel of the upright picture is stored, by EXIF's own words for each orientation. */
const STORED: readonly ((x: number, y: number, w: number, h: number) => [number, number])[] = [
  (x, y) => [x, y],
  (x, y, w) => [w - 1 - x, y],
  (x, y, w, h) => [w - 1 - x, h - 1 - y],
  (x, y, _w, h) => [x, h - 1 - y],
  (x, y) => [y, x],
  (x, y, w) => [y, w - 1 - x],
  (x, y, w, h) => [h - 1 - y, w - 1 - x],
  (x, y, _w, h) => [h - 1 - y, x],
];

for (const [at, stored] of STORED.entries()) {
  test(`a picture stored by orientation ${at + 1} has the samples of the upright one`, () => {
    const [w, h] = [193, 141];
    const { grey } = drawStrip({ seed: 3, width: w, height: h, channels: 1 });
    const [width, height] = at < 4 ? [w, h] : [h, w];
    const turned = new Uint8Array(grey.length);
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const [column, row] = stored(x, y, w, h);
        turned[row * width + column] = grey[y * w + x];
      }
    }
    const samples = samplesOf(width, height, { rows: height, grey: turned }, at + 1);
    const expected = samplesOf(w, h, { rows: h, grey });
    const off = samples.map((value, place) => Math.abs(value - expected[place]));
    assert.ok(Math.max(...off) < 1e-4);
  });
}
