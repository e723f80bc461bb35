/** Locators: written as the hub writes them, and refused by their form. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { findLocators, MOST_LOCATORS, normalised, refusal } from "../src/islands/locators.ts";

interface Vectors {
  taken: { typed: string; sent: string }[];
  refused: { typed: string; reason: string }[];
  refused_on_the_device: { typed: string; reason: string }[];
}

const vectors = JSON.parse(
  readFileSync(new URL("../../vectors/locators.json", import.meta.url), "utf8"),
) as Vectors;

test("what is taken is written as the hub writes it", () => {
  for (const { typed, sent } of vectors.taken) {
    assert.equal(normalised(typed), sent);
    assert.equal(refusal(sent), undefined, sent);
  }
});

test("what the hub refuses is refused here, and more, each for its reason", () => {
  for (const { typed, reason } of [...vectors.refused, ...vectors.refused_on_the_device]) {
    assert.equal(refusal(normalised(typed)), reason, typed);
  }
});

test("one on each line, each once, in their order", () => {
  const found = findLocators("t.me/b\r\n\n https://EXAMPLE.org/a \nt.me/b\n방 이름 하나");

  assert.deepEqual(found.taken, ["t.me/b", "https://example.org/a", "방 이름 하나"]);
  assert.deepEqual(found.refused, []);
});

test("addresses are found among other words, without the full stop after them", () => {
  const found = findLocators("여기 있어요: https://example.org/a, (https://example.org/b?c=d).");

  assert.deepEqual(found.taken, ["https://example.org/a", "https://example.org/b?c=d"]);
});

test("a row of accounts is several locators; a room's name of two words is one", () => {
  assert.deepEqual(findLocators("@one, @two t.me/three").taken, ["@one", "@two", "t.me/three"]);
  assert.deepEqual(findLocators("night room").taken, ["night room"]);
});

test("a refused line is told, and the others are taken", () => {
  const found = findLocators("javascript:alert('https://example.org')\nhttps://u:p@e.org/a\n@one");

  assert.deepEqual(found.taken, ["@one"]);
  assert.deepEqual(
    found.refused.map((each) => each.reason),
    ["script", "credentials"],
  );
});

test("the fifty-first is told, and so is one that is too long", () => {
  const many = Array.from({ length: MOST_LOCATORS + 1 }, (_, place) => `t.me/room${place}`);

  assert.equal(findLocators(many.join("\n")).taken.length, MOST_LOCATORS);
  assert.equal(findLocators(many.join("\n")).refused[0]?.reason, "too_many");
  assert.equal(refusal("가".repeat(2001)), "too_long");
});
