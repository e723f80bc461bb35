/** Sending once: a double tap, a lost answer, and a refusal that leaves everything open. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Web } from "../src/hub/exchange.ts";
import { NoProof, type Solver } from "../src/hub/solver.ts";
import { type Outcome, Sending } from "../src/islands/case/sending.ts";
import { CHALLENGE, DOCUMENT } from "./registration.ts";

const OPENED = { case_id: "case_1", code: "c", words: [], pin: "1", slip: "s" };
const solve: Solver = async ({ challenge }) => ({ challenge, solution: "1" });

type Post = () => Response;

function answer(status: number, body: object): Response {
  const type = status < 400 ? "application/json" : "application/problem+json";
  return new Response(JSON.stringify(body), { status, headers: { "content-type": type } });
}

function lose(): Response {
  throw new TypeError("the connection is gone");
}

/** A network that answers challenges as `asked` says, and documents in turn. */
class FakeWeb implements Web {
  readonly posted: string[] = [];
  readonly #posts: Post[];
  readonly #asked: Post;

  constructor(posts: Post[], asked: Post = () => answer(200, CHALLENGE)) {
    this.#posts = posts;
    this.#asked = asked;
  }

  readonly fetch = async (_place: string, init: RequestInit): Promise<Response> => {
    if (init.method !== "POST") return this.#asked();
    this.posted.push(String(init.body));
    return (this.#posts.shift() ?? lose)();
  };

  readonly wait = async (): Promise<void> => undefined;
  readonly random = (): number => 0;
}

function sending(web: Web, solver = solve): { sending: Sending; said: Outcome[] } {
  const said: Outcome[] = [];
  return { sending: new Sending(solver, (outcome) => said.push(outcome), web), said };
}

test("a double tap is one sending", async () => {
  const web = new FakeWeb([() => answer(201, OPENED)]);
  const { sending: sender } = sending(web);

  const both = await Promise.all([sender.send(DOCUMENT), sender.send(DOCUMENT)]);

  assert.deepEqual(both, [OPENED, undefined]);
  assert.equal(web.posted.length, 1);
});

test("what went out without an answer is sent again as it was, whatever she changed", async () => {
  const web = new FakeWeb([lose, lose, lose, () => answer(201, OPENED)]);
  const { sending: sender, said } = sending(web);

  assert.equal(await sender.send(DOCUMENT), undefined);
  assert.deepEqual(said, ["sending", "offline"]);
  assert.equal(sender.lost, DOCUMENT);
  assert.deepEqual(await sender.send({ ...DOCUMENT, text: "changed" }), OPENED);

  assert.equal(new Set(web.posted).size, 1);
});

test("a lost document stays lost when the hub is only busy afterwards", async () => {
  const busy = () => answer(503, { type: "urn:takeback:error:too-busy", detail: "" });
  const web = new FakeWeb([lose, ...Array.from({ length: 9 }, () => busy)]);
  const { sending: sender, said } = sending(web);

  await sender.send(DOCUMENT);

  assert.equal(said.at(-1), "busy");
  assert.equal(sender.lost, DOCUMENT);
});

test("with no network at all nothing was sent, and everything can still be changed", async () => {
  const web = new FakeWeb([], lose);
  const { sending: sender, said } = sending(web);

  await sender.send(DOCUMENT);

  assert.equal(said.at(-1), "offline");
  assert.equal(web.posted.length, 0);
  assert.equal(sender.lost, undefined);
});

test("a refusal names the day where the day is wrong, and lets everything be changed", async () => {
  const detail = "choices.end_date must be 7 days ahead or more";
  const refused = () => answer(400, { type: "urn:takeback:error:malformed-body", detail });
  const { sending: sender, said } = sending(new FakeWeb([refused]));

  await sender.send(DOCUMENT);

  assert.equal(said.at(-1), "end-date");
  assert.equal(sender.lost, undefined);
});

test("a browser that can't make the proof is told apart from a network that is gone", async () => {
  const never: Solver = () => Promise.reject(new NoProof("no Worker"));
  const { sending: sender, said } = sending(new FakeWeb([]), never);

  await sender.send(DOCUMENT);

  assert.equal(said.at(-1), "proof");
});
