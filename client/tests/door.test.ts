/** The form of the receipt on its way: tried again where that helps, and never done twice. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { HubRefusal, NoNetwork, type Web } from "../src/hub/exchange.ts";
import { Hub } from "../src/hub/hub.ts";
import { Door, type Fields, type Post } from "../src/islands/receipt/door.ts";

const PAGE = { title: "a page" } as Document;
const BUSY = new HubRefusal(503, "too-busy", "", 2);
const STALE = new HubRefusal(400, "bad-proof-of-work", "");

/** A door behind which the hub does one thing after the other. */
function doorTo(...fates: (Document | Error)[]) {
  const sent: Fields[] = [];
  const post: Post = async (_place, fields) => {
    sent.push(fields);
    const fate = fates.shift() ?? new NoNetwork("lost", true);
    if (fate instanceof Error) throw fate;
    return fate;
  };
  let count = 0;
  const web: Web = {
    fetch: async () => Response.json({ challenge: `c${count++}`, bits: 0, keypoints: true }),
    wait: async () => undefined,
    random: () => 0,
  };
  const hub = new Hub(async ({ challenge }) => ({ challenge, solution: "s" }), web);
  return { sent, door: new Door(hub, post, web) };
}

test("a form is sent with a proof of its own", async () => {
  const { sent, door } = doorTo(PAGE);

  assert.equal(await door.send("/ko/receipt", { action: "read" }, true), PAGE);

  assert.deepEqual(sent, [{ action: "read", challenge: "c0", solution: "s" }]);
});

test("a busy hub and a stale proof are tried again, each time with a new proof", async () => {
  const { sent, door } = doorTo(BUSY, STALE, PAGE);

  await door.send("/ko/receipt", { action: "withdraw" }, false);

  assert.deepEqual(sent.map(({ challenge }) => challenge), ["c0", "c1", "c2"]);
});

test("a withdrawal that may have arrived is not sent again", async () => {
  const { sent, door } = doorTo(new NoNetwork("lost", true), PAGE);

  await assert.rejects(door.send("/ko/receipt", { action: "withdraw" }, false), NoNetwork);

  assert.equal(sent.length, 1);
});

test("reading is asked again when no answer came", async () => {
  const { sent, door } = doorTo(new NoNetwork("lost", true), PAGE);

  assert.equal(await door.send("/ko/receipt", { action: "read" }, true), PAGE);

  assert.equal(sent.length, 2);
});

test("a refusal is not argued with", async () => {
  const { sent, door } = doorTo(new HubRefusal(404, "not-found", ""));

  await assert.rejects(door.send("/ko/receipt", { action: "read" }, true), { status: 404 });

  assert.equal(sent.length, 1);
});
