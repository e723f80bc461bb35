/** What a file is, is read from its first bytes, before anything is decoded. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { edited } from "../src/signals/exif.ts";
import { type Header, headerOf, kindOf } from "../src/signals/header.ts";
import { turnOf } from "../src/signals/upright.ts";

const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const fileOf = (...parts: string[]): Blob => new Blob(parts.map(bytesOf));
const digit = (value: number, at: number): number => Math.floor(value / 256 ** at) % 256;
const big = (value: number, length: number): string =>
  String.fromCharCode(...Array.from({ length }, (_, at) => digit(value, length - 1 - at)));
const little = (value: number, length: number): string =>
  [...big(value, length)].reverse().join("");

/** EXIF that says one thing only, in either order of bytes. */
function exif(orientation: number, number: typeof big = big): string {
  const order = number === big ? "MM" : "II";
  const entry = number(0x0112, 2) + number(3, 2) + number(1, 4) + number(orientation, 2) + "\0\0";
  return order + number(42, 2) + number(8, 4) + number(1, 2) + entry + number(0, 4);
}

const segment = (marker: string, body: string): string =>
  `\xff${marker}${big(body.length + 2, 2)}${body}`;
const frame = (width: number, height: number, channels = 3): string =>
  segment("\xc0", `\x08${big(height, 2)}${big(width, 2)}${String.fromCharCode(channels)}`);
const jpeg = (...segments: string[]): Blob => fileOf("\xff\xd8", ...segments, "\xff\xda");

const chunk = (kind: string, body: string): string => `${big(body.length, 4)}${kind}${body}CRC4`;
const png = (width: number, height: number, ...chunks: string[]): Blob =>
  fileOf(
    "\x89PNG\r\n\x1a\n",
    chunk("IHDR", `${big(width, 4)}${big(height, 4)}\x08\x02\0\0\0`),
    ...chunks,
    chunk("IDAT", ""),
  );
const riff = (...chunks: string[]): Blob => fileOf("RIFF", little(4096, 4), "WEBP", ...chunks);
const part = (kind: string, body: string): string =>
  kind + little(body.length, 4) + body + "\0".repeat(body.length % 2);
const extended = (width: number, height: number): string =>
  part("VP8X", `\x08\0\0\0${little(width - 1, 3)}${little(height - 1, 3)}`);
const ispe = (width: number, height: number): string =>
  `\0\0\0\x14ispe\0\0\0\0${big(width, 4)}${big(height, 4)}`;

const READ: readonly [string, Blob, Partial<Header>][] = [
  ["a JPEG", jpeg(frame(640, 480)), { format: "image/jpeg", width: 640, height: 480 }],
  ["a JPEG in colour", jpeg(frame(9, 9)), { colour: true }],
  ["a grey JPEG", jpeg(frame(9, 9, 1)), { colour: false }],
  [
    "a JPEG with much before its size",
    jpeg(...Array(9).fill(segment("\xe2", "x".repeat(65000))), frame(7, 8)),
    { width: 7, height: 8 },
  ],
  [
    "a JPEG that EXIF turns",
    jpeg(segment("\xe1", `Exif\0\0${exif(6)}`), frame(4, 3)),
    { turn: turnOf(6) },
  ],
  [
    "a JPEG with EXIF from the other end",
    jpeg(segment("\xe1", `Exif\0\0${exif(8, little)}`), frame(4, 3)),
    { turn: turnOf(8) },
  ],
  [
    "a JPEG with padding between segments",
    jpeg("\xff\xff\xff", frame(5, 6).slice(1)),
    { width: 5, height: 6 },
  ],
  [
    "a JPEG with an odd orientation",
    jpeg(segment("\xe1", `Exif\0\0${exif(9)}`), frame(4, 3)),
    { turn: turnOf(1) },
  ],
  ["a PNG", png(1000, 2000), { format: "image/png", width: 1000, height: 2000 }],
  ["a PNG that EXIF turns", png(3, 4, chunk("eXIf", exif(3))), { turn: turnOf(3) }],
  [
    "a GIF",
    fileOf("GIF89a", little(300, 2), little(200, 2)),
    { format: "image/gif", width: 300, height: 200 },
  ],
  [
    "a lossy WebP",
    riff("VP8 ", little(99, 4), "\0\0\0\x9d\x01\x2a", little(500, 2), little(400, 2)),
    { format: "image/webp", width: 500, height: 400 },
  ],
  [
    "a lossless WebP",
    riff("VP8L", little(99, 4), "\x2f", little(499 + 399 * 16384, 4)),
    { width: 500, height: 400 },
  ],
  [
    "a WebP that EXIF turns",
    riff(extended(70, 60), part("VP8 ", "odd"), part("EXIF", exif(5))),
    { width: 70, height: 60, turn: turnOf(5) },
  ],
  [
    "an AVIF of tiles",
    fileOf("\0\0\0\x20ftypavif", ispe(512, 512), ispe(4000, 3000)),
    { format: "image/avif", width: 4000, height: 3000 },
  ],
  [
    "a HEIC",
    fileOf("\0\0\0\x18ftypheic", ispe(40, 30)),
    { format: "image/heic", width: 40, height: 30 },
  ],
];

for (const [name, file, expected] of READ) {
  test(`${name} is read`, async () => {
    const found = await headerOf(file);
    for (const [field, value] of Object.entries(expected)) {
      assert.deepEqual(found[field as keyof Header], value, field);
    }
  });
}

const TURNED: readonly [string, Blob][] = [
  ["a JPEG", jpeg(segment("\xe1", `Exif\0\0${exif(6)}`), frame(4, 3))],
  ["a JPEG from the other end", jpeg(segment("\xe1", `Exif\0\0${exif(8, little)}`), frame(4, 3))],
  [
    "a JPEG that says so twice",
    jpeg(...[6, 3].map((turn) => segment("\xe1", `Exif\0\0${exif(turn)}`)), frame(4, 3)),
  ],
  ["a PNG", png(4, 3, chunk("eXIf", exif(5)), chunk("tEXt", "kept"))],
  ["a WebP", riff(extended(4, 3), part("EXIF", exif(6)), part("VP8 ", "kept"))],
];

for (const [name, file] of TURNED) {
  test(`${name} is the same picture once it doesn't say how to turn it`, async () => {
    const header = await headerOf(file);
    const without = await headerOf(edited(file, header.edits));
    assert.notDeepEqual(header.turn, turnOf(1));
    assert.deepEqual(without, { ...header, turn: turnOf(1), edits: without.edits });
  });
}

test("what says nothing of a turn is left alone", async () => {
  const file = jpeg(frame(4, 3));
  assert.equal(edited(file, (await headerOf(file)).edits), file);
});

/** A file that claims a size and has only its beginning. */
function hollow(size: number, beginning: Blob): Blob {
  const slice = (from: number, to: number): Blob => {
    assert.ok(to - from <= 1 << 16, "no more than a block is read");
    return beginning.slice(from, to);
  };
  return { size, slice } as Blob;
}

const REFUSED: readonly [string, Blob, string][] = [
  ["nothing", fileOf(""), "empty"],
  ["text", fileOf("<script>alert(1)</script>"), "not_readable"],
  ["one byte", fileOf("\xff"), "not_readable"],
  ["a bitmap", fileOf("BM", "\0".repeat(60)), "not_readable"],
  ["300 megapixels", png(20_000, 15_000), "too_large"],
  ["a side too long", png(70_000, 2), "too_large"],
  ["a bomb of a WebP", riff(extended(16_000, 16_000)), "too_large"],
  ["two gigabytes", hollow(2 ** 31, jpeg(frame(640, 480))), "too_large"],
  ["a JPEG without a size", jpeg(), "damaged"],
  ["a JPEG cut in its header", fileOf("\xff\xd8\xff\xe1\x40\0Exif"), "damaged"],
  ["a PNG of no pixels", png(0, 5), "damaged"],
  ["a HEIC without a size", fileOf("\0\0\0\x18ftypheic"), "damaged"],
];

for (const [name, file, trouble] of REFUSED) {
  test(`${name} is refused as ${trouble}`, async () => {
    await assert.rejects(headerOf(file), { name: "Error", trouble });
  });
}

const VIDEOS: readonly [string, string][] = [
  ["MP4", "\0\0\0\x18ftypisom"],
  ["QuickTime", "\0\0\0\x14ftypqt  "],
  ["WebM", "\x1a\x45\xdf\xa3"],
  ["AVI", "RIFF\0\0\0\0AVI "],
  ["Windows Media", "\x30\x26\xb2\x75\x8e\x66\xcf\x11"],
  ["an MPEG transport stream", `\x47${"\0".repeat(187)}\x47`],
];

for (const [name, beginning] of VIDEOS) {
  test(`${name} is a video, whatever it is called`, async () => {
    const file = new File([bytesOf(beginning)], "holiday.jpg", { type: "image/jpeg" });
    assert.equal(await kindOf(file), "video");
  });
}

test("a picture called a video is a picture", async () => {
  const file = new File([jpeg(frame(9, 9))], "<b>\u202e.mp4", { type: "video/mp4" });
  assert.equal(await kindOf(file), "picture");
});

test("what is neither is said to be neither", async () => {
  await assert.rejects(kindOf(fileOf("%PDF-1.7")), { trouble: "not_readable" });
});
