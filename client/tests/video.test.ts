/** What is left of a video: which frames stand for it, without which border, in which bytes. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { AS_STORED } from "../src/signals/upright.ts";
import { Border, cut, inside } from "../src/signals/video/borders.ts";
import { Clock } from "../src/signals/video/clock.ts";
import { digests } from "../src/signals/video/digests.ts";
import { VideoHasher } from "../src/signals/video/hasher.ts";
import { type Luma, turnBy } from "../src/signals/video/luma.ts";
import { type KeptFrame, pack } from "../src/signals/video/pack.ts";
import { Pace, Spread } from "../src/signals/video/scenes.ts";

interface Vector {
  readonly duration: number;
  readonly complete: boolean;
  readonly md5: string;
  readonly sha256: string;
  readonly frames: readonly KeptFrame[];
  readonly keypoints: readonly { time: number; packed: string }[];
  readonly packed: string;
  readonly packed_with_keypoints: string;
}

const FILE = new URL("../../vectors/video1.json", import.meta.url);
const { videos } = JSON.parse(readFileSync(FILE, "utf8")) as { videos: Vector[] };

const bytes = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, "hex"));
const digits = (of: Uint8Array): string => Buffer.from(of).toString("hex");

/** A frame, each pixel a function of its place. */
function frame(level: (x: number, y: number) => number, width = 96, height = 54): Luma {
  const pixels = Uint8Array.from({ length: width * height }, (_, at) =>
    level(at % width, Math.floor(at / width)),
  );
  return { width, height, pixels, black: 16, span: 219, turn: AS_STORED };
}

const flat = (level: number): Luma => frame(() => level);

type Where = (x: number, y: number) => boolean;

/** Detail that is different for every seed, black outside. */
const busy = (seed: number, inner: Where = () => true): Luma =>
  frame((x, y) => (inner(x, y) ? Math.imul(x * 31 + y * 17 + seed, 2654435761) >>> 24 : 16));

/** Squares of a chess board, coarse enough for a whole-picture signal. */
function board(side: number, shift: number): Luma {
  const dark: Where = (x, y) => (Math.floor((x + shift) / side) + Math.floor(y / side)) % 2 === 0;
  return frame((x, y) => (dark(x, y) ? 30 : 220), 320, 180);
}

describe("packing", () => {
  for (const [number, video] of videos.entries()) {
    const signals = {
      ...video,
      md5: bytes(video.md5),
      sha256: bytes(video.sha256),
      keypoints: video.keypoints.map(({ time, packed }) => ({ time, packed: bytes(packed) })),
    };
    test(`video ${number} of vectors/video1.json has the bytes that Python writes`, () => {
      assert.equal(digits(pack(signals, false)), video.packed);
      assert.equal(digits(pack(signals, true)), video.packed_with_keypoints);
    });
  }
});

describe("digests", () => {
  test("those of a file in several pieces are those of all its bytes", async () => {
    const data = Buffer.alloc((5 << 19) + 3, "a picture is not in here");
    const shares: number[] = [];
    const reading = digests(new Blob([data]));
    let next = await reading.next();
    for (; !next.done; next = await reading.next()) shares.push(next.value);
    assert.equal(digits(next.value.md5), createHash("md5").update(data).digest("hex"));
    assert.equal(digits(next.value.sha256), createHash("sha256").update(data).digest("hex"));
    assert.equal(shares.length, 3);
    assert.equal(shares.at(-1), 1);
  });
});

describe("pace", () => {
  const chosen = (frames: readonly [number, Luma][]): number[] => {
    const pace = new Pace();
    return frames.filter(([time, luma]) => pace.wants(time, luma)).map(([time]) => time);
  };

  test("one frame in each second", () => {
    const still = Array.from({ length: 50 }, (_, n): [number, Luma] => [n * 100, flat(100)]);
    assert.deepEqual(chosen(still), [0, 1000, 2000, 3000, 4000]);
  });

  test("a cut asks for a frame at once, but not more often than four times a second", () => {
    const cuts = [0, 100, 200, 1000, 1400, 1500, 1600, 1700];
    const levels = [50, 50, 50, 50, 200, 50, 50, 200];
    assert.deepEqual(chosen(cuts.map((time, n) => [time, flat(levels[n])])), [0, 1000, 1400, 1700]);
  });

  test("flicker does not ask for every frame", () => {
    const flicker = Array.from({ length: 100 }, (_, n): [number, Luma] => [
      n * 40,
      flat(n % 2 ? 200 : 50),
    ]);
    assert.ok(chosen(flicker).length <= 20);
  });
});

describe("spread", () => {
  test("what is kept is bounded, in order and even", () => {
    const spread = new Spread<number>(60, 1000);
    for (let time = 0; time < 7_200_000; time += 1000) {
      if (time % spread.cell === 0) spread.add(time, time); // as the pace does, slowed down
    }
    const times = spread.items.map((item) => item.time);
    const gaps = times.slice(1).map((time, at) => time - times[at]);
    assert.ok(times.length >= 30 && times.length <= 60);
    assert.ok(Math.max(...gaps) <= 2 * Math.min(...gaps));
  });

  test("the best of each cell is kept", () => {
    const spread = new Spread<number>(2, 1000, (worth) => worth);
    for (const [time, worth] of [
      [0, 1],
      [500, 9],
      [999, 9],
      [1200, 3],
    ]) {
      spread.add(time, worth);
    }
    assert.deepEqual(spread.items, [
      { time: 500, kept: 9 },
      { time: 1200, kept: 3 },
    ]);
  });
});

describe("borders", () => {
  const inner = (x: number, y: number): boolean => x >= 8 && x < 90 && y >= 6 && y < 48;

  test("a flat border is found to the pixel", () => {
    assert.deepEqual(inside(busy(1, inner)), [8 / 96, 6 / 54, 90 / 96, 48 / 54]);
  });

  test("a flat frame has nothing inside", () => {
    assert.equal(inside(flat(16)), undefined);
  });

  test("what is cut out is what is inside", () => {
    const whole = busy(1, inner);
    const part = cut(whole, [8 / 96, 6 / 54, 90 / 96, 48 / 54]);
    assert.deepEqual([part.width, part.height], [82, 42]);
    assert.equal(part.pixels[0], whole.pixels[6 * 96 + 8]);
    assert.equal(part.pixels.at(-1), whole.pixels[47 * 96 + 89]);
  });

  test("frames wait until 24 were seen, and the border only shrinks", () => {
    const border = new Border<number>();
    for (let n = 0; n < 23; n++) assert.deepEqual(border.add(busy(n, inner), n), []);
    assert.equal(border.add(busy(23, inner), 23).length, 24);
    assert.deepEqual(border.place, inside(busy(1, inner)));
    assert.equal(border.add(busy(24), 24).length, 1);
    assert.equal(border.place, undefined);
  });
});

describe("hashing", () => {
  const nothing = { md5: new Uint8Array(16), sha256: new Uint8Array(32) };

  test("frames of one shot are one frame, and flat ones none", () => {
    const hasher = new VideoHasher();
    for (let n = 0; n < 5; n++) hasher.take(n * 1000, board(20, 0));
    hasher.take(5000, flat(16));
    hasher.take(6000, board(45, 11));
    const { frames, complete } = hasher.signals(7000, true, nothing);
    assert.deepEqual(frames.map((kept) => kept.time), [0, 6000]);
    assert.ok(complete);
    assert.ok(frames.every((kept) => kept.trimmed === undefined));
  });

  test("a frame turned by the file has the signal of the upright one", () => {
    const upright = board(40, 13);
    const stored = frame((x, y) => upright.pixels[x * 320 + (319 - y)], 180, 320);
    const signal = (luma: Luma): string => {
      const hasher = new VideoHasher();
      hasher.take(0, luma);
      return hasher.signals(1000, true, nothing).frames[0].whole;
    };
    assert.equal(signal({ ...stored, turn: turnBy(90) }), signal(upright));
    assert.notEqual(signal({ ...stored, turn: turnBy(270) }), signal(upright));
  });
});

describe("clock", () => {
  test("good stamps are believed; the last frame lasts as long as is usual", () => {
    const clock = new Clock(40);
    assert.deepEqual([5000, 5100, 5140].map((stamp) => clock.tick(stamp)), [0, 100, 140]);
    assert.equal(clock.end, 180);
  });

  test("stamps that go back or leap are replaced by the usual step", () => {
    const clock = new Clock(40);
    const times = [0, 40, 10, 5e9, 5e9].map((stamp) => clock.tick(stamp));
    assert.deepEqual(times, [0, 40, 80, 120, 160]);
  });

  test("without frames nothing lasts", () => {
    assert.equal(new Clock(Number.NaN).end, 0);
  });
});
