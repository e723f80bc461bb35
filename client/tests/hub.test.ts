/** The hub as a page sees it: what is sent, what is tried again, and what is not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Hub, HubRefusal, NoNetwork, type Web } from "../src/hub/hub.ts";
import { CHALLENGE, DOCUMENT } from "./registration.ts";

const RECEIPT = { case_id: "case_1", items: [] };
const ACCESS = { code: "zazc5x0rfh6e0", pin: "776550" };

/** What the network does with one question: answers, or loses it. */
type Fate = Response | "lost" | "answer lost";

interface Sent {
  place: string;
  init: RequestInit;
}

/** A network that answers challenges, and every other question in turn. */
class FakeWeb implements Web {
  readonly posts: Sent[] = [];
  readonly waited: number[] = [];
  challenges = 0;
  readonly #fates: Fate[];

  constructor(...fates: Fate[]) {
    this.#fates = fates;
  }

  async fetch(place: string, init: RequestInit): Promise<Response> {
    if (place === "/v1/challenge") return json({ ...CHALLENGE, challenge: `c${this.challenges++}` });
    this.posts.push({ place, init });
    const fate = this.#fates.shift();
    if (!(fate instanceof Response)) throw new TypeError("Failed to fetch");
    return fate;
  }

  async wait(seconds: number): Promise<void> {
    this.waited.push(seconds);
  }

  random(): number {
    return 0.5;
  }

  get documents(): Record<string, unknown>[] {
    return this.posts.map(({ init }) => JSON.parse(String(init.body)) as Record<string, unknown>);
  }
}

function json(document: object, status = 200, headers: Record<string, string> = {}): Response {
  const kind = status < 400 ? "application/json" : "application/problem+json";
  return new Response(JSON.stringify(document), {
    status,
    headers: { "content-type": kind, ...headers },
  });
}

function problem(status: number, name: string, headers: Record<string, string> = {}): Response {
  const type = `urn:takeback:error:${name}`;
  return json({ type, title: "", status, detail: "d", hint: "" }, status, headers);
}

function hubOn(web: Web): Hub {
  return new Hub(async ({ challenge }) => ({ challenge, solution: "s" }), web);
}

const busy = () => problem(503, "too-busy", { "retry-after": "2" });

test("a call sends its document with a proof, and nothing else of this browser", async () => {
  const web = new FakeWeb(json(RECEIPT));

  await hubOn(web).addItems(ACCESS, []);

  const proof = { challenge: "c0", solution: "s" };
  assert.deepEqual(web.documents, [{ access: { ...ACCESS, proof }, items: [] }]);
  const { place, init } = web.posts[0]!;
  assert.equal(place, "/v1/cases/items");
  assert.deepEqual(init.headers, { "content-type": "application/json" });
  assert.equal(init.credentials, "omit");
  assert.equal(init.cache, "no-store");
  assert.equal(init.referrerPolicy, "no-referrer");
  assert.equal(init.redirect, "error");
});

test("a registration is sent as it was shown, and its proof", async () => {
  const web = new FakeWeb(json({ case_id: "case_1" }));

  await hubOn(web).open(DOCUMENT);

  const proof = { challenge: "c0", solution: "s" };
  assert.equal(web.posts[0]!.init.body, JSON.stringify({ ...DOCUMENT, proof }));
});

test("a busy hub is asked again after the time it names, each try with a new proof", async () => {
  const web = new FakeWeb(busy(), busy(), json(RECEIPT));

  assert.deepEqual(await hubOn(web).addItems(ACCESS, []), RECEIPT);

  assert.deepEqual(web.waited, [3, 3]);
  const proofs = web.documents.map((sent) => (sent["access"] as { proof: object }).proof);
  assert.equal(new Set(proofs.map((proof) => JSON.stringify(proof))).size, 3);
});

test("a hub that stays busy is left alone in the end", async () => {
  const web = new FakeWeb(...Array.from({ length: 9 }, busy));

  await assert.rejects(hubOn(web).open(DOCUMENT), { name: "HubRefusal", status: 503 });

  assert.equal(web.posts.length, 6);
});

test("a hub that asks for an hour is not waited for so long", async () => {
  const web = new FakeWeb(problem(503, "not-ready", { "retry-after": "3600" }), json(RECEIPT));

  await hubOn(web).open(DOCUMENT);

  assert.deepEqual(web.waited, [30]);
});

test("a stale proof is made anew once, and not twice", async () => {
  const stale = () => problem(400, "bad-proof-of-work");
  const once = new FakeWeb(stale(), json(RECEIPT));
  assert.deepEqual(await hubOn(once).addItems(ACCESS, []), RECEIPT);

  const twice = new FakeWeb(stale(), stale(), json(RECEIPT));
  await assert.rejects(hubOn(twice).open(DOCUMENT), { type: "bad-proof-of-work" });
});

test("a refusal carries status and kind, and is not tried again", async () => {
  const web = new FakeWeb(problem(404, "not-found"));

  const refused = await hubOn(web).open(DOCUMENT).catch((failure: unknown) => failure);

  assert.ok(refused instanceof HubRefusal);
  assert.deepEqual([refused.status, refused.type, web.posts.length], [404, "not-found", 1]);
});

test("opening survives a lost answer with the same attempt: never a second case", async () => {
  const web = new FakeWeb("lost", "answer lost", json({ case_id: "case_1" }));

  await hubOn(web).open(DOCUMENT);

  const attempts = web.documents.map((sent) => sent["attempt"]);
  assert.deepEqual(attempts, [DOCUMENT.attempt, DOCUMENT.attempt, DOCUMENT.attempt]);
});

test("what may have been heard is not sent twice: the page is told that it was sent", async () => {
  const web = new FakeWeb("answer lost", json(RECEIPT));

  const lost = await hubOn(web).addItems(ACCESS, []).catch((failure: unknown) => failure);

  assert.ok(lost instanceof NoNetwork && lost.sent);
  assert.equal(web.posts.length, 1);
});

test("without a network nothing was sent, and the page is told so", async () => {
  const web = new FakeWeb();
  web.fetch = () => Promise.reject(new TypeError("Failed to fetch"));

  const lost = await hubOn(web).addItems(ACCESS, []).catch((failure: unknown) => failure);

  assert.ok(lost instanceof NoNetwork && !lost.sent);
  assert.equal(web.waited.length, 2);
});

test("a page that some network in between answers with is no answer of the hub", async () => {
  const login = () =>
    new Response("<html>", { status: 200, headers: { "content-type": "text/html" } });
  const web = new FakeWeb(login(), login(), login());

  await assert.rejects(hubOn(web).open(DOCUMENT), NoNetwork);
});

test("a gateway that failed is no answer of the hub", async () => {
  const web = new FakeWeb(new Response("Bad gateway", { status: 502 }));

  await assert.rejects(hubOn(web).addItems(ACCESS, []), NoNetwork);
});

test("an answer that breaks off is none", async () => {
  const broken = new Response('{"case', { headers: { "content-type": "application/json" } });

  await assert.rejects(hubOn(new FakeWeb(broken)).addItems(ACCESS, []), NoNetwork);
});

test("whoever stops waiting is not told that the network is gone", async () => {
  const ending = new AbortController();
  const web = new FakeWeb();
  web.fetch = () => {
    ending.abort();
    return Promise.reject(new TypeError("aborted"));
  };

  await assert.rejects(hubOn(web).open(DOCUMENT, ending.signal), { name: "AbortError" });
});

test("nothing is written to the console, whatever happens", async (t) => {
  const lines = ["log", "info", "warn", "error", "debug"].map((name) =>
    t.mock.method(console, name as "log"),
  );

  await hubOn(new FakeWeb(problem(404, "not-found"))).open(DOCUMENT).catch(() => undefined);
  await hubOn(new FakeWeb("lost")).addItems(ACCESS, []).catch(() => undefined);

  assert.ok(lines.every((line) => line.mock.callCount() === 0));
});
