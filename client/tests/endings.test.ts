/** Of half a picture there are no signals. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isWhole } from "../src/signals/endings.ts";
import type { Format } from "../src/signals/header.ts";

const fileOf = (text: string): Blob =>
  new Blob([Uint8Array.from(text, (letter) => letter.charCodeAt(0))]);

const JPEG =
  "\xff\xd8\xff\xe0\x00\x04\xff\xd9\xff\xda\x00\x03\x01pixels\xff\x00\xff\xd0more" +
  "\xff\xc4\x00\x04\xff\xd9\xff\xda\x00\x03\x01a second scan\xff\xd9";
const PNG = "\x89PNG\r\n\x1a\n\0\0\0\x03IDATabcCRC4\0\0\0\0IENDCRC4";
const GIF =
  "GIF89a\x02\0\x02\0\x80\0\0RGBRGB!\xf9\x04abcd\0" +
  ",\0\0\0\0\x02\0\x02\0\x80RGBRGB\x02\x03abc\x02de\0";
const WEBP = "RIFF\x0c\0\0\0WEBPVP8 data";

const FILES: readonly [Format, string][] = [
  ["image/jpeg", JPEG],
  ["image/png", PNG],
  ["image/gif", GIF],
  ["image/webp", WEBP],
];

for (const [format, file] of FILES) {
  test(`a whole ${format} is whole`, async () => {
    assert.ok(await isWhole(fileOf(file), format));
  });

  test(`a ${format} with something behind its end is whole`, async () => {
    assert.ok(await isWhole(fileOf(`${file}and a video of the moment`), format));
  });

  test(`a ${format} that is cut off anywhere is not`, async () => {
    for (let length = 12; length < file.length; length++) {
      assert.ok(!(await isWhole(fileOf(file.slice(0, length)), format)), `${length}`);
    }
  });
}

test("what decoders refuse by themselves is left to them", async () => {
  assert.ok(await isWhole(fileOf("\0\0\0\x18ftypavif"), "image/avif"));
});
