/** The one document that is sent, put together of what she said. */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  bytesOf,
  type Draft,
  items,
  needsKeypoints,
  newAttempt,
  registration,
} from "../src/islands/case/draft.ts";
import type { MadeSignals } from "../src/signals/model.ts";
import type { KeypointDocument, PdqDocument } from "../src/wire.ts";

const PDQ: PdqDocument = {
  type: "pdq",
  value: "0f".repeat(32),
  quality: 97,
  view: "whole",
  path: "full",
};
const KP1: KeypointDocument = { type: "kp1", value: "QDD", view: "whole" };

function made(change: Partial<MadeSignals> = {}): MadeSignals {
  const plain = [PDQ];
  const rest = { kind: "picture", quality: 97, frames: 0, complete: true } as const;
  return { ...rest, plain, withKeypoints: [PDQ, KP1], ...change };
}

const DRAFT: Draft = {
  kind: "threatened",
  ageBand: "not_said",
  authority: "self",
  language: "ko",
  made: [made()],
  locators: ["t.me/example_room"],
  text: "  안녕\r\n🙂\u0007 ",
  choices: { partners: false, keypoints: false, lock: true },
  attempt: "ab".repeat(16),
};

test("the document has its fields in the hub's order, and no other", () => {
  assert.equal(
    JSON.stringify(registration(DRAFT)),
    JSON.stringify({
      version: 1,
      kind: "threatened",
      age_band: "not_said",
      language: "ko",
      authority: "self",
      items: [{ signals: [PDQ], locators: [], note: "" }],
      locators: ["t.me/example_room"],
      text: "안녕\n🙂",
      choices: { partners: false, keypoints: false, lock: true },
      attempt: "ab".repeat(16),
    }),
  );
});

test("keypoint signals go only if she chose them", () => {
  assert.deepEqual(items([made()], false)[0]?.signals, [PDQ]);
  assert.deepEqual(items([made()], true)[0]?.signals, [PDQ, KP1]);
});

test("a picture that has keypoints alone is left out without them", () => {
  const pale = made({ plain: [], withKeypoints: [KP1] });

  assert.equal(needsKeypoints(pale), true);
  assert.deepEqual(items([pale], false), []);
  assert.deepEqual(items([pale], true)[0]?.signals, [KP1]);
});

test("the same picture picked twice is one item", () => {
  assert.equal(items([made(), made()], false).length, 1);
});

test("a text is cut at what the hub takes, between characters", () => {
  const { text } = registration({ ...DRAFT, text: "🙂".repeat(4001) });

  assert.equal([...text].length, 4000);
});

test("bytes are counted as they are sent", () => {
  const more = registration({ ...DRAFT, locators: ["가"] });
  const less = registration({ ...DRAFT, locators: ["a"] });

  assert.equal(bytesOf(more) - bytesOf(less), 2);
});

test("an attempt is 32 hexadecimal digits, and never the same", () => {
  assert.match(newAttempt(), /^[0-9a-f]{32}$/u);
  assert.notEqual(newAttempt(), newAttempt());
});
