/** The sentences of a page: filled in, in the right form, numbers as the language writes them. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Words } from "../src/islands/page.ts";

const SENTENCES = {
  plain: "{name}, {size} MB",
  signals: { one: "{count} signal", other: "{count} signals" },
  copies: { one: "{count} kopia", few: "{count} kopie", many: "{count} kopii", other: "{count}…" },
};

test("places are filled, and numbers written as the language does", () => {
  const facts = { name: "Photo 1", size: 3.14 };

  assert.equal(new Words(SENTENCES, "en").say("plain", facts), "Photo 1, 3.1 MB");
  assert.equal(new Words(SENTENCES, "de").say("plain", facts), "Photo 1, 3,1 MB");
});

test("the count chooses the plural form of the language", () => {
  assert.equal(new Words(SENTENCES, "en").say("signals", { count: 1 }), "1 signal");
  assert.equal(new Words(SENTENCES, "en").say("signals", { count: 7 }), "7 signals");
  assert.equal(new Words(SENTENCES, "ko").say("signals", { count: 1 }), "1 signals");
  assert.equal(new Words(SENTENCES, "pl").say("copies", { count: 3 }), "3 kopie");
});

test("what is filled in is never read as a place again", () => {
  const facts = { name: "{size}", size: 1 };

  assert.equal(new Words(SENTENCES, "en").say("plain", facts), "{size}, 1 MB");
});

test("a sentence that the page lacks is an error, not an empty line", () => {
  assert.throws(() => new Words(SENTENCES, "en").say("missing"), /no words "missing"/u);
});
