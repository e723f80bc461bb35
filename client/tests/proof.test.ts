/** Proof of work: the twin finds what Python finds, and what it finds Python takes. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { leadingZeroBits, solve, solves, TooHard } from "../src/hub/proof.ts";

const CHALLENGE = "1893456000.14.00112233aabbccdd.0123456789abcdef0123456789abcdef";

/** The first ten-digit number that Python's `solves` takes for CHALLENGE at 14 bits. */
const FIRST = "0000016959";

function asked(bits: number, challenge = CHALLENGE) {
  return { challenge, bits, keypoints: true };
}

test("the solution is the one that Python finds first", () => {
  assert.deepEqual(solve(asked(14)), { challenge: CHALLENGE, solution: FIRST });
});

test("a challenge of any length is solved, not only one that fills a block", () => {
  for (const challenge of ["", "a", "9.8.aa.bb", "x".repeat(64), "x".repeat(199)]) {
    const { solution } = solve(asked(6, challenge));
    const digest = createHash("sha256").update(`${challenge}:${solution}`).digest();
    assert.ok(leadingZeroBits(digest) >= 6, challenge);
  }
});

test("no bits are solved at once", () => {
  assert.equal(solve(asked(0)).solution, "0000000000");
});

test("a challenge harder than any hub's is refused, not tried for hours", () => {
  assert.throws(() => solve(asked(25)), TooHard);
});

test("leading zero bits are counted as Python counts them", () => {
  assert.equal(leadingZeroBits(Uint8Array.of(0, 0, 1)), 23);
  assert.equal(leadingZeroBits(Uint8Array.of(255)), 0);
  assert.equal(leadingZeroBits(new Uint8Array(32)), 256);
});

test("a wrong solution does not pass", () => {
  assert.ok(solves(CHALLENGE, FIRST, 14));
  assert.ok(!solves(CHALLENGE, "0000000000", 14));
});
