/**
 * Proof of work: find a solution by trying.
 *
 * Twin of `src/takeback/cases/proof.py`. A challenge and its colon fill the first block of
 * SHA-256, or nearly; its state is made once and copied for each try.
 */

import { sha256 } from "@noble/hashes/sha2.js";

import type { Challenge, Proof } from "../wire.ts";

/** Leading zero bits beyond which no hub asks: minutes of work. */
export const HARDEST = 24;

/** Digits of a solution; the hub takes up to 40. */
const DIGITS = 10;

const ZERO = 48;
const NINE = 57;

/** A challenge that is harder than any hub's. */
export class TooHard extends Error {
  override readonly name = "TooHard";
}

/** Count the zero bits before the first one bit. */
export function leadingZeroBits(digest: Uint8Array): number {
  const first = digest.findIndex((byte) => byte !== 0);
  if (first < 0) return digest.length * 8;
  return first * 8 + Math.clz32(digest[first]!) - 24;
}

/** Say whether SHA-256(challenge + ":" + solution) begins with `bits` zero bits. */
export function solves(challenge: string, solution: string, bits: number): boolean {
  const text = new TextEncoder().encode(`${challenge}:${solution}`);
  return leadingZeroBits(sha256(text)) >= bits;
}

/**
 * Find a solution; 14 bits take some 16,000 tries.
 *
 * @throws {@link TooHard} if no hub asks for so much.
 */
export function solve(challenge: Challenge): Proof {
  if (challenge.bits > HARDEST) throw new TooHard("a proof of work that no hub needs");
  const begun = sha256.create().update(new TextEncoder().encode(`${challenge.challenge}:`));
  const trial = sha256.create();
  const digest = new Uint8Array(trial.outputLen);
  const digits = new Uint8Array(DIGITS).fill(ZERO);
  for (;;) {
    begun._cloneInto(trial).update(digits).digestInto(digest);
    if (leadingZeroBits(digest) >= challenge.bits) break;
    next(digits);
  }
  return { challenge: challenge.challenge, solution: new TextDecoder().decode(digits) };
}

/** Count one up in place, in decimal digits. */
function next(digits: Uint8Array): void {
  let at = digits.length - 1;
  while (digits[at] === NINE) digits[at--] = ZERO;
  digits[at]! += 1;
}
