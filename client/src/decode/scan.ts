/** How the coefficients of a JPEG's block are written (ITU-T T.81, annexes F.2.2 and G.1.2). */

import type { Bits, Codes } from "./huffman.ts";
import { ZIGZAG } from "./waves.ts";

/** 64 coefficients. */
export type Block = Int16Array;

/** Which coefficients a scan has, and which of their bits. */
export interface Part {
  readonly from: number;
  readonly to: number;
  /** The bit that was written last, 0 if none was. */
  readonly high: number;
  /** The lowest bit that this scan has. */
  readonly low: number;
}

/** Reads one component's blocks, one after the other. */
export interface Coder {
  read(block: Block): void;
  restart(): void;
}

/** Returns what reads a scan's blocks. */
export function coderFor(
  progressive: boolean,
  part: Part,
  bits: Bits,
  dc: Codes | undefined,
  ac: Codes | undefined,
): Coder {
  if (!progressive) return new Whole(bits, needed(dc), needed(ac));
  if (part.from === 0) {
    return part.high ? new MeanBit(bits, part.low) : new Mean(bits, needed(dc), part.low);
  }
  return part.high ? new WaveBit(bits, needed(ac), part) : new Waves(bits, needed(ac), part);
}

function needed(codes: Codes | undefined): Codes {
  if (!codes) throw new Error("a table is missing");
  return codes;
}

/** The mean brightness of each block, as the difference from the one before. */
class Mean implements Coder {
  readonly #bits: Bits;
  readonly #codes: Codes;
  readonly #low: number;
  #before = 0;

  constructor(bits: Bits, codes: Codes, low: number) {
    this.#bits = bits;
    this.#codes = codes;
    this.#low = low;
  }

  read(block: Block): void {
    this.#before += this.#bits.signed(this.#codes.read(this.#bits));
    block[0] = this.#before << this.#low;
  }

  restart(): void {
    this.#before = 0;
  }
}

/** One more bit of each mean. */
class MeanBit implements Coder {
  readonly #bits: Bits;
  readonly #low: number;

  constructor(bits: Bits, low: number) {
    this.#bits = bits;
    this.#low = low;
  }

  read(block: Block): void {
    block[0] |= this.#bits.next() << this.#low;
  }

  restart(): void {
    // nothing is remembered
  }
}

/** The other coefficients, with runs of zeros and of blocks that have none. */
class Waves implements Coder {
  readonly #bits: Bits;
  readonly #codes: Codes;
  readonly #part: Part;
  #empty = 0;

  constructor(bits: Bits, codes: Codes, part: Part) {
    this.#bits = bits;
    this.#codes = codes;
    this.#part = part;
  }

  read(block: Block): void {
    if (this.#empty) this.#empty--;
    else this.#read(block);
  }

  #read(block: Block): void {
    for (let k = this.#part.from; k <= this.#part.to; k++) {
      const code = this.#codes.read(this.#bits);
      const [zeros, length] = [code >> 4, code & 15];
      if (length === 0 && zeros < 15) {
        this.#empty = (1 << zeros) - 1 + this.#bits.number(zeros);
        return;
      }
      k += zeros;
      if (length) block[ZIGZAG[k & 63]] = this.#bits.signed(length) * (1 << this.#part.low);
    }
  }

  restart(): void {
    this.#empty = 0;
  }
}

/** One more bit of the other coefficients, and those that begin with it. */
class WaveBit implements Coder {
  readonly #bits: Bits;
  readonly #codes: Codes;
  readonly #part: Part;
  readonly #one: number;
  #empty = 0;

  constructor(bits: Bits, codes: Codes, part: Part) {
    this.#bits = bits;
    this.#codes = codes;
    this.#part = part;
    this.#one = 1 << part.low;
  }

  read(block: Block): void {
    let k = this.#part.from;
    while (!this.#empty && k <= this.#part.to) {
      const code = this.#codes.read(this.#bits);
      const [zeros, length] = [code >> 4, code & 15];
      if (length === 0 && zeros < 15) this.#empty = (1 << zeros) + this.#bits.number(zeros);
      else {
        const value = length && (this.#bits.next() ? this.#one : -this.#one);
        k = this.#pass(block, k, zeros);
        if (value && k <= 63) block[ZIGZAG[k]] = value;
        k++;
      }
    }
    if (this.#empty) {
      this.#pass(block, k, 64);
      this.#empty--;
    }
  }

  /** Adds a bit to what is not zero, up to the place behind so many zeros. */
  #pass(block: Block, from: number, zeros: number): number {
    let k = from;
    for (let left = zeros; k <= this.#part.to; k++) {
      const place = ZIGZAG[k];
      if (block[place] === 0) {
        if (left-- === 0) break;
      } else if (this.#bits.next() && (Math.abs(block[place]) & this.#one) === 0) {
        block[place] += block[place] > 0 ? this.#one : -this.#one;
      }
    }
    return k;
  }

  restart(): void {
    this.#empty = 0;
  }
}

/** All coefficients of a block at once. */
class Whole implements Coder {
  readonly #mean: Mean;
  readonly #waves: Waves;

  constructor(bits: Bits, dc: Codes, ac: Codes) {
    this.#mean = new Mean(bits, dc, 0);
    this.#waves = new Waves(bits, ac, { from: 1, to: 63, high: 0, low: 0 });
  }

  read(block: Block): void {
    this.#mean.read(block);
    this.#waves.read(block);
  }

  restart(): void {
    this.#mean.restart();
  }
}
