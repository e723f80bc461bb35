/** MD5 and SHA-256 of a file, read piece by piece: what `video1` and partners' formats hold. */

import { md5 } from "@noble/hashes/legacy.js";
import { sha256 } from "@noble/hashes/sha2.js";

/** Bytes that are digested at a time. */
const PIECE = 1 << 20;

/** Digests of the exact bytes of a file. */
export interface Digests {
  readonly md5: Uint8Array;
  readonly sha256: Uint8Array;
}

/** Digests a file; yields the share that is done after each piece, and returns both digests. */
export async function* digests(file: Blob): AsyncGenerator<number, Digests> {
  const [short, long] = [md5.create(), sha256.create()];
  for (let at = 0; at < file.size; at += PIECE) {
    const piece = new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
    short.update(piece);
    long.update(piece);
    yield Math.min(1, (at + PIECE) / file.size);
  }
  return { md5: short.digest(), sha256: long.digest() };
}
