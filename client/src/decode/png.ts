/**
 * The pixels of a PNG, without the browser's help (ISO/IEC 15948).
 *
 * For browsers that keep what they decode from pages. They still inflate for them.
 */

import { Bytes, big, characters } from "../signals/bytes.ts";

/** A picture whose rows come one after the other. */
export interface Rows {
  /** Returns the next rows as RGBA, with opacity beside colours. */
  next(count: number): Promise<Uint8Array>;
  /** Lets go of the file. */
  close(): void;
}

interface Shape {
  readonly width: number;
  /** Bits of a sample. */
  readonly depth: number;
  readonly kind: number;
  /** Samples of a pixel. */
  readonly samples: number;
  readonly palette: Uint8Array;
  readonly opacity: Uint8Array;
}

/** Samples of a pixel, by kind of colour. */
const SAMPLES: Partial<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;

/** Opens a PNG. Throws if it is of a kind that is not read. */
export async function rowsOf(file: Blob): Promise<Rows> {
  const bytes = new Bytes(file);
  const head = await bytes.read(16, 13);
  const [depth, kind] = [head[8], head[9]];
  const samples = SAMPLES[kind];
  if (!samples || head[12]) throw new Error("a kind of PNG that is not read");
  const parts: Blob[] = [];
  let [palette, opacity] = [new Uint8Array(), new Uint8Array()];
  for (let at = 33; at < bytes.size; ) {
    const chunk = await bytes.read(at, 8);
    const [length, name] = [big(chunk, 0, 4), characters(chunk, 4, 4)];
    if (name === "PLTE") palette = new Uint8Array(await bytes.read(at + 8, length));
    if (name === "tRNS") opacity = new Uint8Array(await bytes.read(at + 8, length));
    if (name === "IDAT") parts.push(file.slice(at + 8, at + 8 + length));
    if (name === "IEND") break;
    at += 12 + length;
  }
  const shape = { width: big(head, 0, 4), depth, kind, samples, palette, opacity };
  return new Filtered(new Blob(parts), shape);
}

class Filtered implements Rows {
  readonly #source: ReadableStreamDefaultReader<Uint8Array>;
  readonly #shape: Shape;
  readonly #step: number;
  #buffer: Uint8Array = new Uint8Array();
  #above: Uint8Array;

  constructor(file: Blob, shape: Shape) {
    const bits = shape.depth * shape.samples;
    this.#source = file.stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    this.#shape = shape;
    this.#step = Math.max(1, bits >> 3);
    this.#above = new Uint8Array(Math.ceil((bits * shape.width) / 8));
  }

  async next(count: number): Promise<Uint8Array> {
    const { width } = this.#shape;
    const rgba = new Uint8Array(4 * width * count);
    for (let y = 0; y < count; y++) {
      const line = await this.#take(1 + this.#above.length);
      const row = line.subarray(1);
      unfilter(line[0], row, this.#above, this.#step);
      paint(row, this.#shape, rgba.subarray(4 * y * width, 4 * (y + 1) * width));
      this.#above = row;
    }
    return rgba;
  }

  close(): void {
    void this.#source.cancel();
  }

  async #take(length: number): Promise<Uint8Array> {
    const taken = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      if (!this.#buffer.length) {
        const { value } = await this.#source.read();
        if (!value) throw new Error("the picture ends early");
        this.#buffer = value;
      }
      const part = this.#buffer.subarray(0, length - at);
      taken.set(part, at);
      at += part.length;
      this.#buffer = this.#buffer.subarray(part.length);
    }
    return taken;
  }
}

/** Adds to each byte what was foretold from those before and above (section 9). */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): void {
  if (filter === 0) return;
  for (let at = 0; at < row.length; at++) {
    const left = at < step ? 0 : row[at - step];
    const corner = at < step ? 0 : above[at - step];
    row[at] += foretold(filter, left, above[at], corner);
  }
}

function foretold(filter: number, left: number, above: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const [a, b] = [Math.abs(above - corner), Math.abs(left - corner)];
  const c = Math.abs(left + above - 2 * corner);
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

/** Returns one sample of a row; of 16 bits the upper eight count. */
function sampleOf(row: Uint8Array, depth: number, at: number): number {
  if (depth >= 8) return row[(at * depth) >> 3];
  const bit = at * depth;
  return (row[bit >> 3] >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}

/** Writes a row as RGBA. */
function paint(row: Uint8Array, shape: Shape, rgba: Uint8Array): void {
  for (let x = 0; 4 * x < rgba.length; x++) {
    if (shape.kind === PALETTE) paintFromPalette(row, shape, rgba, x);
    else paintPixel(row, shape, rgba, x);
  }
}

function paintFromPalette(row: Uint8Array, shape: Shape, rgba: Uint8Array, x: number): void {
  const entry = sampleOf(row, shape.depth, x);
  for (let c = 0; c < 3; c++) rgba[4 * x + c] = shape.palette[3 * entry + c];
  rgba[4 * x + 3] = shape.opacity[entry] ?? 255;
}

function paintPixel(row: Uint8Array, shape: Shape, rgba: Uint8Array, x: number): void {
  const { depth, samples } = shape;
  const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  for (let c = 0; c < 3; c++) {
    rgba[4 * x + c] = sampleOf(row, depth, samples * x + (samples < 3 ? 0 : c)) * scale;
  }
  if (samples % 2 === 0) rgba[4 * x + 3] = sampleOf(row, depth, samples * x + samples - 1);
  else rgba[4 * x + 3] = isClear(row, shape, x) ? 0 : 255;
}

/** Tells whether a pixel has the one colour that is not shown. */
function isClear(row: Uint8Array, { depth, samples, opacity }: Shape, x: number): boolean {
  if (!opacity.length) return false;
  const low = depth > 8 ? 0 : 1; // of 16 bits the upper eight are compared
  for (let n = 0; n < samples; n++) {
    if (sampleOf(row, depth, samples * x + n) !== opacity[2 * n + low]) return false;
  }
  return true;
}
