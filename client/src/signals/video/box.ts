/** Boxes: how MP4 and MOV files are built, each a length, four letters and what is inside. */

/** The inside of a box. Reading beyond its end is a RangeError. Source: ISO/IEC 14496-12, 4.2. */
export class Box {
  readonly #view: DataView;

  constructor(view: DataView) {
    this.#view = view;
  }

  /** How many bytes there are. */
  get size(): number {
    return this.#view.byteLength;
  }

  /** The version of what is inside, where a box says so: 1 has longer numbers than 0. */
  get version(): number {
    return this.whole(0, 1);
  }

  /** Returns a whole number of 1, 2 or 4 bytes. */
  whole(at: number, bytes: 1 | 2 | 4 = 4): number {
    if (bytes === 1) return this.#view.getUint8(at);
    return bytes === 2 ? this.#view.getUint16(at) : this.#view.getUint32(at);
  }

  /** Returns a whole number of 4 bytes that may be negative. */
  signed(at: number): number {
    return this.#view.getInt32(at);
  }

  /** Returns a whole number of 8 bytes. */
  long(at: number): number {
    return this.whole(at) * 2 ** 32 + this.whole(at + 4);
  }

  /** Returns four letters. */
  name(at: number): string {
    return String.fromCharCode(...[0, 1, 2, 3].map((letter) => this.whole(at + letter, 1)));
  }

  /** Returns all bytes. */
  bytes(): Uint8Array<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = this.#view;
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength).slice();
  }

  /** Returns a part, or throws if it does not lie inside. */
  part(from: number, to = this.size): Box {
    if (from > to || to > this.size) throw new RangeError("beyond the end of a box");
    return new Box(new DataView(this.#view.buffer, this.#view.byteOffset + from, to - from));
  }

  /** Yields the boxes inside, from one place on, by name. */
  *boxes(from = 0): Generator<[string, Box]> {
    for (let at = from; at + 8 <= this.size; ) {
      const { head, size } = this.part(at).#lengths(this.size - at);
      if (size < head || at + size > this.size) return;
      yield [this.name(at + 4), this.part(at + head, at + size)];
      at += size;
    }
  }

  /** Returns the first box of that name, and inside it the next; or nothing. */
  find(...path: string[]): Box | undefined {
    const [name, ...rest] = path;
    if (name === undefined) return this;
    for (const [found, box] of this.boxes()) if (found === name) return box.find(...rest);
    return undefined;
  }

  /** Returns how long the head of this box is, and all of it; *left* bytes are left of the file. */
  #lengths(left: number): { head: number; size: number } {
    const short = this.whole(0);
    return short === 1 ? { head: 16, size: this.long(8) } : { head: 8, size: short || left };
  }

  /**
   * Reads one box at the outermost level of a file.
   *
   * @returns its name, and where its inside begins and ends.
   */
  static async outer(file: Blob, at: number): Promise<{ name: string; from: number; to: number }> {
    const box = new Box(new DataView(await file.slice(at, at + 16).arrayBuffer()));
    const { head, size } = box.#lengths(file.size - at);
    if (size < head) throw new RangeError("a box shorter than its head");
    return { name: box.name(4), from: at + head, to: at + size };
  }

  /** Reads the inside of a box. */
  static async read(file: Blob, from: number, to: number): Promise<Box> {
    return new Box(new DataView(await file.slice(from, to).arrayBuffer()));
  }
}
