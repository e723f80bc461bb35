import assert from "node:assert/strict";
import { test } from "node:test";

/** Load the module anew, as a page of its own would. */
async function loaded(page: string): Promise<typeof import("../src/islands/trusted.ts")> {
  const address = `../src/islands/trusted.ts?${page}`;
  return (await import(address)) as typeof import("../src/islands/trusted.ts");
}

const ELSEWHERE = [
  "https://example.org/assets/signals.js",
  "//example.org/assets/signals.js",
  "/assets/../v1/challenge",
  "/assets/signals.js?x",
  "/assets/signals.js#x",
  "/assets/Signals.js",
  "assets/signals.js",
  "data:text/javascript,1",
  "blob:null/1",
  "",
];

test("a script of the portal is a Worker's address", async () => {
  const { workerUrl } = await loaded("plain");

  assert.equal(workerUrl("/assets/signals.js"), "/assets/signals.js");
  assert.equal(workerUrl("/assets/proof.js"), "/assets/proof.js");
});

test("nothing from elsewhere is", async () => {
  const { workerUrl } = await loaded("elsewhere");

  for (const path of ELSEWHERE) assert.throws(() => workerUrl(path), TypeError, path);
});

test("where there are Trusted Types, one policy makes the address and refuses the same", async () => {
  const named: string[] = [];
  const page = globalThis as { trustedTypes?: unknown };
  page.trustedTypes = {
    createPolicy(name: string, rules: { createScriptURL(path: string): string }) {
      named.push(name);
      return { createScriptURL: (path: string) => ({ trusted: rules.createScriptURL(path) }) };
    },
  };
  const { workerUrl } = await loaded("typed");
  delete page.trustedTypes;

  assert.deepEqual(named, ["takeback"]);
  assert.deepEqual(workerUrl("/assets/signals.js"), { trusted: "/assets/signals.js" });
  for (const path of ELSEWHERE) assert.throws(() => workerUrl(path), TypeError, path);
});
