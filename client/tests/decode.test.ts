/** JPEG and PNG are decoded without a browser's help, and nothing that is damaged takes long. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import { brightnessOf } from "../src/decode/jpeg.ts";
import { rowsOf } from "../src/decode/png.ts";
import { ZIGZAG, unwave } from "../src/decode/waves.ts";

/** The smallest JPEG there is: 8 × 8 blocks that have a mean and nothing else. */
function jpegOf(means: readonly number[], across: number): Uint8Array {
  const [width, height] = [8 * across, (8 * means.length) / across];
  const codes = [0, 0, 0, 12, ...new Array<number>(12).fill(0)];
  const lengths = Array.from({ length: 12 }, (_, length) => length);
  const head = [
    ...[0xff, 0xd8, 0xff, 0xdb, 0, 67, 0, ...new Array<number>(64).fill(1)],
    ...[0xff, 0xc0, 0, 11, 8, height >> 8, height & 255, width >> 8, width & 255, 1, 1, 0x11, 0],
    ...[0xff, 0xc4, 0, 31, 0, ...codes, ...lengths],
    ...[0xff, 0xc4, 0, 20, 0x10, 1, ...new Array<number>(15).fill(0), 0],
    ...[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0],
  ];
  return Uint8Array.from([...head, ...bytesOf(bitsOf(means)), 0xff, 0xd9]);
}

/** Each mean as its difference from the one before, and the end of the block. */
function bitsOf(means: readonly number[]): string {
  const differences = means.map((mean, at) => mean - (at ? means[at - 1] : 0));
  return differences.map((value) => `${codeOf(value)}0`).join("");
}

function codeOf(value: number): string {
  const length = value ? Math.floor(Math.log2(Math.abs(value))) + 1 : 0;
  const digits = value < 0 ? value + 2 ** length - 1 : value;
  const written = length ? digits.toString(2).padStart(length, "0") : "";
  return length.toString(2).padStart(4, "0") + written;
}

function bytesOf(bits: string): number[] {
  const full = bits.padEnd(8 * Math.ceil(bits.length / 8), "1");
  return (full.match(/.{8}/g) ?? []).flatMap((byte) => {
    const value = parseInt(byte, 2);
    return value === 255 ? [255, 0] : [value];
  });
}

const MEANS = [0, 800, -1024, 1016, 8, -16];

test("a block with a mean alone is flat, and so bright", () => {
  const { width, height, rows } = brightnessOf(jpegOf(MEANS, 3));
  assert.deepEqual([width, height], [24, 16]);
  const grey = rows(0, 16);
  for (const [at, mean] of MEANS.entries()) {
    const [x, y] = [8 * (at % 3), 8 * Math.floor(at / 3)];
    for (const place of [y * 24 + x, (y + 7) * 24 + x + 7]) {
      assert.equal(grey[place], 128 + mean / 8);
    }
  }
});

test("rows come from where they are asked for", () => {
  const { rows } = brightnessOf(jpegOf(MEANS, 3));
  assert.deepEqual(rows(8, 8), rows(0, 16).subarray(8 * 24));
});

test("coefficients follow each other in zigzag", () => {
  assert.deepEqual([...ZIGZAG.subarray(0, 10)], [0, 1, 8, 16, 9, 2, 3, 10, 17, 24]);
  assert.deepEqual([...ZIGZAG].sort((a, b) => a - b), [...new Array(64).keys()]);
});

test("a wave adds nothing to the mean, and goes up and down as often as its number", () => {
  const [block, pixels] = [new Int16Array(64), new Float32Array(64)];
  block[3] = 100;
  unwave(block, new Uint16Array(64).fill(1), pixels);
  const row = [...pixels.subarray(0, 8)].map((value) => Math.sign(value - 128.5));
  assert.deepEqual(row, [1, 1, -1, -1, 1, 1, -1, -1].map((_, x) =>
    Math.sign(Math.cos(((2 * x + 1) * 3 * Math.PI) / 16)),
  ));
  assert.ok(Math.abs(pixels.reduce((sum, value) => sum + value - 128.5, 0)) < 1e-3);
});

test("a damaged JPEG gives something or an error, soon", () => {
  const whole = jpegOf(MEANS, 3);
  const began = performance.now();
  for (let seed = 0; seed < 3000; seed++) {
    const damaged = whole.slice(0, seed % 3 ? whole.length : (seed * 7) % whole.length);
    for (let n = 0; n < 4; n++) {
      const place = 67 + ((seed * 31 + n * 97) % (whole.length - 67));
      if (place < damaged.length) damaged[place] = (seed * 53 + n * 29) & 255;
    }
    if (areaOf(damaged) > 1 << 16) continue; // its header says so, and is refused by what it says
    try {
      const { height, rows } = brightnessOf(damaged);
      rows(0, Math.min(height, 64));
    } catch (error) {
      assert.ok(error instanceof Error);
    }
  }
  assert.ok(performance.now() - began < 20_000);
});

/** The largest area that any frame's header in the file asks for. */
function areaOf(bytes: Uint8Array): number {
  let largest = 0;
  for (let at = 0; at + 8 < bytes.length; at++) {
    if (bytes[at] !== 0xff || bytes[at + 1] < 0xc0 || bytes[at + 1] > 0xc2) continue;
    const [height, width] = [5, 7].map((n) => bytes[at + n] * 256 + bytes[at + n + 1]);
    largest = Math.max(largest, height * width);
  }
  return largest;
}

const big = (value: number, length: number): number[] =>
  Array.from({ length }, (_, at) => Math.floor(value / 256 ** (length - 1 - at)) % 256);

const chunk = (name: string, body: readonly number[]): number[] => [
  ...big(body.length, 4),
  ...Buffer.from(name),
  ...body,
  ...[0, 0, 0, 0],
];

interface Png {
  readonly size: readonly [number, number];
  readonly depth: number;
  readonly kind: number;
  readonly interlaced?: number;
  readonly chunks?: readonly number[];
  /** Each row with its filter first. */
  readonly lines: readonly (readonly number[])[];
}

function pngOf({ size, depth, kind, interlaced = 0, chunks = [], lines }: Png): Blob {
  const packed = [...deflateSync(Uint8Array.from(lines.flat()))];
  const half = packed.length >> 1;
  const bytes = [
    ...[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
    ...chunk("IHDR", [...big(size[0], 4), ...big(size[1], 4), depth, kind, 0, 0, interlaced]),
    ...chunks,
    ...chunk("IDAT", packed.slice(0, half)),
    ...chunk("IDAT", packed.slice(half)),
    ...chunk("IEND", []),
  ];
  return new Blob([Uint8Array.from(bytes)]);
}

const READ: readonly [string, Png, readonly number[]][] = [
  [
    "colours",
    { size: [2, 1], depth: 8, kind: 2, lines: [[0, 1, 2, 3, 4, 5, 6]] },
    [1, 2, 3, 255, 4, 5, 6, 255],
  ],
  [
    "colours with opacity",
    { size: [1, 1], depth: 8, kind: 6, lines: [[0, 9, 8, 7, 6]] },
    [9, 8, 7, 6],
  ],
  [
    "grey of two bits",
    { size: [4, 1], depth: 2, kind: 0, lines: [[0, 0b00011011]] },
    [0, 0, 0, 255, 85, 85, 85, 255, 170, 170, 170, 255, 255, 255, 255, 255],
  ],
  [
    "grey of sixteen bits with opacity",
    { size: [1, 1], depth: 16, kind: 4, lines: [[0, 200, 99, 100, 99]] },
    [200, 200, 200, 100],
  ],
  [
    "a palette, some of it clear",
    {
      size: [3, 1],
      depth: 4,
      kind: 3,
      chunks: [...chunk("PLTE", [10, 20, 30, 40, 50, 60]), ...chunk("tRNS", [128])],
      lines: [[0, 0x01, 0x00]],
    },
    [10, 20, 30, 128, 40, 50, 60, 255, 10, 20, 30, 128],
  ],
  [
    "one colour that is clear",
    {
      size: [2, 1],
      depth: 8,
      kind: 2,
      chunks: chunk("tRNS", [0, 1, 0, 2, 0, 3]),
      lines: [[0, 1, 2, 3, 1, 2, 4]],
    },
    [1, 2, 3, 0, 1, 2, 4, 255],
  ],
];

for (const [name, png, expected] of READ) {
  test(`a PNG of ${name} is read`, async () => {
    const rows = await rowsOf(pngOf(png));
    assert.deepEqual([...(await rows.next(png.size[1]))], expected);
  });
}

test("every filter of a PNG is undone", async () => {
  const lines = [
    [1, 10, 5, 5],
    [2, 1, 2, 3],
    [3, 100, 100, 100],
    [4, 7, 250, 3],
    [0, 1, 2, 3],
  ];
  const rows = await rowsOf(pngOf({ size: [3, 5], depth: 8, kind: 0, lines }));
  const [first, others] = [await rows.next(1), await rows.next(4)];
  const grey = [...first, ...others].filter((_, at) => at % 4 === 0);
  const expected = [10, 15, 20, 11, 17, 23, 105, 161, 192, 112, 155, 195, 1, 2, 3];
  assert.deepEqual(grey, expected);
});

test("an interlaced PNG, or one that ends early, is refused", async () => {
  const png: Png = { size: [1, 2], depth: 8, kind: 0, lines: [[0, 1]] };
  await assert.rejects(rowsOf(pngOf({ ...png, interlaced: 1 })), /not read/);
  await assert.rejects((await rowsOf(pngOf(png))).next(2), /ends early/);
});
