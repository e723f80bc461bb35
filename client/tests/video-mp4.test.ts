/** Tables of MP4 files: read as phones write them, and never believed beyond their bytes. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isNeeded } from "../src/signals/video/decoder.ts";
import { openMp4 } from "../src/signals/video/mp4.ts";

const whole = (value: number, size = 4): number[] =>
  Array.from({ length: size }, (_, at) => Math.floor(value / 256 ** (size - 1 - at)) & 255);

/** A box of that name. */
function box(name: string, ...parts: readonly (readonly number[])[]): number[] {
  const inner = parts.flat();
  return [...whole(inner.length + 8), ...Buffer.from(name, "latin1"), ...inner];
}

/** A box that begins with a version and flags. */
const full = (name: string, flags: number, ...parts: readonly (readonly number[])[]): number[] =>
  box(name, whole(flags), ...parts);

const zeros = (count: number): number[] => new Array<number>(count).fill(0);

interface Tables {
  readonly kind?: string;
  readonly matrix?: readonly number[];
  readonly edits?: readonly (readonly number[])[];
  readonly sizes?: readonly number[];
  readonly fragments?: boolean;
}

const UPRIGHT = [1, 0, 0, 1];

/** The table of a track of five frames in two chunks. */
function table(tables: Tables): number[] {
  const { kind = "avc1", matrix = UPRIGHT, edits = [], sizes, fragments } = tables;
  const [a, b, c, d] = matrix.map((part) => whole(part * 65536 + (part < 0 ? 2 ** 32 : 0)));
  const own = sizes ?? [10, 20, 30, 40, 50];
  const settings = box("avcC", [1, 0x64, 0, 0x1f, 0xff]);
  const entry = box(kind, zeros(24), whole(320, 2), whole(180, 2), zeros(50), settings);
  const samples = box(
    "stbl",
    full("stsd", 0, whole(1), entry),
    full("stts", 0, whole(2), whole(3), whole(100), whole(2), whole(200)),
    full("ctts", 0, whole(1), whole(5), whole(100)),
    full("stss", 0, whole(2), whole(1), whole(4)),
    full("stsc", 0, whole(2), whole(1), whole(3), whole(1), whole(2), whole(2), whole(1)),
    full("stsz", 0, whole(0), whole(own.length), ...own.map((size) => whole(size))),
    full("stco", 0, whole(2), whole(1000), whole(5000)),
  );
  const track = box(
    "trak",
    full("tkhd", 1, zeros(36), a, b, zeros(4), c, d, zeros(20), whole(320), whole(180)),
    ...(edits.length ? [box("edts", full("elst", 0, whole(edits.length), ...edits))] : []),
    box(
      "mdia",
      full("mdhd", 0, zeros(8), whole(1000), whole(700)),
      full("hdlr", 0, zeros(4), [...Buffer.from("vide")]),
      box("minf", samples),
    ),
  );
  const movie = [full("mvhd", 0, zeros(8), whole(500), whole(350)), track];
  return box("moov", ...movie, ...(fragments ? [box("mvex")] : []));
}

const file = (...boxes: readonly number[][]): Blob =>
  new Blob([Uint8Array.from([...box("ftyp", [...Buffer.from("isom")]), ...boxes.flat()])]);

const edit = (lasts: number, from: number): number[] => [
  ...whole(lasts),
  ...whole(from),
  ...whole(1 << 16),
];

describe("the table of an MP4", () => {
  test("says where frames lie, when they are shown and which need no other", async () => {
    const track = await openMp4(file(box("mdat", zeros(64)), table({})));
    assert.ok(track);
    assert.equal(track.codec, "avc1.64001f");
    assert.deepEqual([track.width, track.height, track.scale], [320, 180, 1000]);
    assert.deepEqual([track.degrees, track.lengthBytes], [0, 4]);
    assert.deepEqual([...track.samples.places], [1000, 1010, 1030, 5000, 5040]);
    assert.deepEqual([...track.samples.stamps], [100, 200, 300, 400, 600]);
    assert.deepEqual([...track.samples.keys], [1, 0, 0, 1, 0]);
    assert.equal(track.samples.lasts, 700);
  });

  for (const [degrees, matrix] of [
    [90, [0, 1, -1, 0]],
    [180, [-1, 0, 0, -1]],
    [270, [0, -1, 1, 0]],
  ] as const) {
    test(`a phone held so that frames lie by ${degrees} degrees is read`, async () => {
      assert.equal((await openMp4(file(table({ matrix }))))?.degrees, degrees);
    });
  }

  test("frames that whoever cut the video left out are known", async () => {
    const track = await openMp4(file(table({ edits: [edit(10, 2 ** 32 - 1), edit(100, 200)] })));
    assert.deepEqual([track?.from, track?.until], [200, 400]);
  });

  for (const [why, blob] of [
    ["it is something else", new Blob([Uint8Array.from(zeros(64))])],
    ["there is no table", file(box("mdat", zeros(64)))],
    ["it is in fragments", file(table({ fragments: true }))],
    ["it is of another codec", file(table({ kind: "hvc1" }))],
    ["it was put together of two parts", file(table({ edits: [edit(9, 0), edit(9, 300)] }))],
    ["frames lie nowhere", file(table({ sizes: [1, 2, 3, 4, 5, 6] }))],
    ["the table ends early", file(table({}).slice(0, -30))],
    ["it is cut in its head", file([0, 0, 1])],
  ] as const) {
    test(`is left to the browser if ${why}`, async () => {
      assert.equal(await openMp4(blob), undefined);
    });
  }

  test("whatever bytes are changed, it is read or left", async () => {
    const good = table({ edits: [edit(100, 200)] });
    for (let at = 0; at < good.length; at++) {
      const track = await openMp4(file(good.with(at, 255 - good[at])));
      assert.ok(!track || track.samples.count <= 3_000_000);
    }
  });
});

describe("frames that no other needs", () => {
  const unit = (kind: number, needed: number, size: number): number[] => [
    ...whole(size),
    (needed << 5) | kind,
    ...zeros(size - 1),
  ];

  test("are known by their first slice, behind what else there is", () => {
    const extra = unit(6, 0, 9);
    assert.equal(isNeeded(Uint8Array.from([...extra, ...unit(1, 0, 20)]), 4), false);
    assert.equal(isNeeded(Uint8Array.from([...extra, ...unit(1, 2, 20)]), 4), true);
    assert.equal(isNeeded(Uint8Array.from(unit(5, 3, 20)), 4), true);
  });

  test("are not guessed where there is no slice", () => {
    assert.equal(isNeeded(new Uint8Array(3), 4), true);
    assert.equal(isNeeded(Uint8Array.from(unit(6, 0, 9)), 4), true);
  });
});
