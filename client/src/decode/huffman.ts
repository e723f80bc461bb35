/** The bits of a JPEG's pixels, and the codes that they are (ITU-T T.81, annex F.2.2). */

/** Reads bits from the most significant on; at a marker, and beyond the end, all are zero. */
export class Bits {
  readonly #data: Uint8Array;
  #at: number;
  #byte = 0;
  #left = 0;

  constructor(data: Uint8Array, at: number) {
    this.#data = data;
    this.#at = at;
  }

  /** Returns the next bit. */
  next(): number {
    if (this.#left === 0) this.#byte = this.#read();
    this.#left = (this.#left + 7) & 7;
    return (this.#byte >> this.#left) & 1;
  }

  /** Returns the next bits as a whole number without sign. */
  number(length: number): number {
    let value = 0;
    for (let n = 0; n < length; n++) value = (value << 1) | this.next();
    return value;
  }

  /** Returns the next bits as a whole number, negative if the first is 0. */
  signed(length: number): number {
    if (length === 0) return 0;
    const value = this.number(length);
    return value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  /** Goes on behind the next marker, where there is one. */
  restart(): void {
    this.#left = 0;
    this.#at = markerFrom(this.#data, this.#at) + 2;
  }

  #read(): number {
    const byte = this.#data[this.#at];
    if (byte === undefined || (byte === 0xff && this.#data[this.#at + 1] !== 0)) return 0;
    this.#at += byte === 0xff ? 2 : 1;
    return byte;
  }
}

/** Returns where the next marker is; escaped bytes and padding are none. */
export function markerFrom(data: Uint8Array, from: number): number {
  let at = data.indexOf(0xff, from);
  while (at >= 0 && [0x00, 0xff].includes(data[at + 1])) at = data.indexOf(0xff, at + 1);
  return at < 0 ? data.length : at;
}

/** A table of codes, the shortest first. */
export class Codes {
  readonly #last = new Int32Array(17).fill(-1);
  readonly #shift = new Int32Array(17);
  readonly #values: Uint8Array;

  /** Makes the codes from how many there are of each length, 1 to 16, and what they stand for. */
  constructor(counts: Uint8Array, values: Uint8Array) {
    this.#values = values;
    let code = 0;
    let place = 0;
    for (let length = 1; length <= 16; length++, code <<= 1) {
      this.#shift[length] = place - code;
      code += counts[length - 1];
      place += counts[length - 1];
      if (counts[length - 1]) this.#last[length] = code - 1;
    }
  }

  /** Reads one code and returns what it stands for. */
  read(bits: Bits): number {
    let code = 0;
    for (let length = 1; length <= 16; length++) {
      code = (code << 1) | bits.next();
      if (code <= this.#last[length]) return this.#values[this.#shift[length] + code];
    }
    throw new Error("no such code");
  }
}
