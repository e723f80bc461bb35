/** Reads a few bytes of a file here and there, without taking all of it into memory. */

const BLOCK = 1 << 16;

/** A file's bytes, read in blocks when they are asked for; beyond its end are zeros. */
export class Bytes {
  readonly size: number;
  readonly #file: Blob;
  #block = new Uint8Array(0);
  #at = 0;

  constructor(file: Blob) {
    this.#file = file;
    this.size = file.size;
  }

  /** Returns *length* bytes from *at*, no more than a block. */
  async read(at: number, length: number): Promise<Uint8Array> {
    if (at < this.#at || at + length > this.#at + this.#block.length) {
      const part = this.#file.slice(at, at + BLOCK);
      this.#block = new Uint8Array(await part.arrayBuffer());
      this.#at = at;
    }
    const read = new Uint8Array(length);
    read.set(this.#block.subarray(at - this.#at, at - this.#at + length));
    return read;
  }
}

/** Returns a whole number written in *length* bytes, the greatest first. */
export function big(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let n = 0; n < length; n++) value = value * 256 + (bytes[at + n] ?? 0);
  return value;
}

/** Returns a whole number written in *length* bytes, the smallest first. */
export function little(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let n = length - 1; n >= 0; n--) value = value * 256 + (bytes[at + n] ?? 0);
  return value;
}

/** Returns bytes as the characters that they are in Latin-1. */
export function characters(bytes: Uint8Array, at = 0, length = bytes.length - at): string {
  return Array.from(bytes.subarray(at, at + length), (byte) => String.fromCharCode(byte)).join("");
}
