/** Code and PIN as text: in groups, in a note that says nothing, and typed back. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { grouped, isTypedBack, noteOf, slipNoteOf } from "../src/islands/case/secrets.ts";
import type { Opened } from "../src/wire.ts";

const OPENED: Opened = {
  case_id: "case_7m3k9x0q2v5t8w1z",
  code: "zazc5x0rfh6e0",
  words: ["확보", "헬기", "정거장", "대접", "주먹", "솔직히"],
  pin: "776550",
  slip: "cw8we-71wxt-fcfkg-3v5kf-2tqfc",
};

test("a code is grouped for copying by hand", () => {
  assert.equal(grouped(OPENED.code), "zazc5-x0rfh-6e0");
});

test("a note has words and PIN, and no word of what they open", () => {
  assert.equal(noteOf(OPENED), "확보 헬기 정거장 대접 주먹 솔직히\n776550\n");
});

test("the slip is in a note of its own, so that one that is found locks nobody out", () => {
  assert.equal(slipNoteOf(OPENED), "cw8we-71wxt-fcfkg-3v5kf-2tqfc\n");
});

test("PIN, end of the code, whole code and words are known, however they are typed", () => {
  for (const typed of [
    "776550",
    " 776 550 ",
    "７７６５５０",
    "h6e0",
    "H6EO",
    "ZAZC5 X0RFH 6E0",
    "확보 헬기 정거장 대접 주먹 솔직히",
  ]) {
    assert.equal(isTypedBack(typed, OPENED), true, typed);
  }
});

test("anything else is not", () => {
  for (const typed of ["", "77655", "6e0", "zazc", "slip", "확보 헬기"]) {
    assert.equal(isTypedBack(typed, OPENED), false, typed);
  }
});
