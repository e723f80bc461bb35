/**
 * The brightness of a JPEG, without the browser's help (ITU-T T.81).
 *
 * For browsers that keep what they decode from pages. Reads what cameras and programs write:
 * Huffman codes, 8 bits, one pass or progressive, brightness at full size. Colours are passed over.
 */

import { Bits, Codes, markerFrom } from "./huffman.ts";
import { type Block, type Coder, coderFor } from "./scan.ts";
import { ZIGZAG, unwave } from "./waves.ts";

/** The brightness of a picture, eight rows at a time. */
export interface Brightness {
  readonly width: number;
  readonly height: number;
  /** Returns rows from *top*, which is a multiple of eight. */
  rows(top: number, count: number): Uint8Array;
}

interface Component {
  readonly id: number;
  /** Blocks of one unit, across and down. */
  readonly across: number;
  readonly down: number;
  readonly table: number;
  /** Blocks that hold pixels. */
  readonly columns: number;
  readonly lines: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: readonly Component[];
  /** Units of blocks of all components. */
  readonly unitsAcross: number;
  readonly unitsDown: number;
}

/** Decodes a JPEG's brightness. Throws if it is of a kind that is not read. */
export function brightnessOf(data: Uint8Array): Brightness {
  return new Reader(data).read();
}

class Reader {
  readonly #data: Uint8Array;
  readonly #steps: Uint16Array[] = [];
  readonly #codes = new Map<number, Codes>();
  #interval = 0;
  #frame: Frame | null = null;
  #blocks = new Int16Array(0);

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  read(): Brightness {
    let at = markerFrom(this.#data, 2);
    while (at < this.#data.length && this.#data[at + 1] !== 0xd9) {
      const length = this.#word(at + 2);
      const body = this.#data.subarray(at + 4, at + 2 + length);
      this.#segment(this.#data[at + 1], body, at + 2 + length);
      at = markerFrom(this.#data, at + 2 + length);
      while ((this.#data[at + 1] & 0xf8) === 0xd0) at = markerFrom(this.#data, at + 2);
    }
    return this.#picture();
  }

  #word(at: number): number {
    return (this.#data[at] << 8) | this.#data[at + 1];
  }

  #segment(marker: number, body: Uint8Array, end: number): void {
    if (marker === 0xdb) this.#readSteps(body);
    else if (marker === 0xc4) this.#readCodes(body);
    else if (marker === 0xdd) this.#interval = (body[0] << 8) | body[1];
    else if (marker === 0xda) this.#scan(body, end);
    else if (marker === 0xee) refuseUnless(body[11] !== 0 || body[0] !== 0x41); // RGB by Adobe
    else if ((marker & 0xf0) === 0xc0 && marker !== 0xc8 && marker !== 0xcc) {
      refuseUnless(marker <= 0xc2 && this.#frame === null);
      this.#frame = frameOf(body, marker === 0xc2);
      const [{ across, down }] = this.#frame.components;
      const units = this.#frame.unitsAcross * this.#frame.unitsDown;
      this.#blocks = new Int16Array(64 * units * across * down);
    }
  }

  #readSteps(body: Uint8Array): void {
    for (let at = 0; at < body.length; ) {
      const wide = body[at] >> 4;
      const steps = new Uint16Array(64);
      const table = body[at++] & 15;
      for (let k = 0; k < 64; k++, at += 1 + wide) {
        steps[ZIGZAG[k]] = wide ? (body[at] << 8) | body[at + 1] : body[at];
      }
      this.#steps[table] = steps;
    }
  }

  #readCodes(body: Uint8Array): void {
    for (let at = 0; at < body.length; ) {
      const counts = body.subarray(at + 1, at + 17);
      const values = counts.reduce((sum, count) => sum + count, 0);
      this.#codes.set(body[at], new Codes(counts, body.subarray(at + 17, at + 17 + values)));
      at += 17 + values;
    }
  }

  /** Reads one scan, if it has brightness in it. */
  #scan(body: Uint8Array, end: number): void {
    const frame = this.#frame;
    refuseUnless(frame !== null);
    const count = body[0];
    const [from, to, bits] = body.subarray(1 + 2 * count);
    const part = { from, to, high: bits >> 4, low: bits & 15 };
    const stream = new Bits(this.#data, end);
    const shown = Array.from({ length: count }, (_, n) => {
      const component = frame.components.find(({ id }) => id === body[1 + 2 * n]);
      refuseUnless(component !== undefined);
      const tables = body[2 + 2 * n];
      const [dc, ac] = [this.#codes.get(tables >> 4), this.#codes.get(16 + (tables & 15))];
      return { component, coder: coderFor(frame.progressive, part, stream, dc, ac) };
    });
    if (shown.some(({ component }) => component === frame.components[0])) {
      this.#walk(frame, shown, stream);
    }
  }

  #walk(frame: Frame, shown: readonly Shown[], stream: Bits): void {
    const alone = shown.length === 1;
    const [{ component }] = shown;
    const across = alone ? component.columns : frame.unitsAcross;
    const units = across * (alone ? component.lines : frame.unitsDown);
    for (let unit = 0; unit < units; unit++) {
      if (this.#interval && unit && unit % this.#interval === 0) {
        stream.restart();
        for (const { coder } of shown) coder.restart();
      }
      const [x, y] = [unit % across, Math.floor(unit / across)];
      if (alone) shown[0].coder.read(this.#block(frame, component, x, y));
      else for (const each of shown) this.#unit(frame, each, x, y);
    }
  }

  #unit(frame: Frame, { component, coder }: Shown, x: number, y: number): void {
    const { across, down } = component;
    for (let v = 0; v < down; v++) {
      for (let h = 0; h < across; h++) {
        coder.read(this.#block(frame, component, x * across + h, y * down + v));
      }
    }
  }

  /** Returns where a block's coefficients go; those of colours go nowhere. */
  #block(frame: Frame, component: Component, x: number, y: number): Block {
    if (component !== frame.components[0]) return new Int16Array(64);
    const at = 64 * (y * frame.unitsAcross * component.across + x);
    return this.#blocks.subarray(at, at + 64);
  }

  #picture(): Brightness {
    const frame = this.#frame;
    refuseUnless(frame !== null);
    const [{ table, across, columns }] = frame.components;
    const [steps, blocks, { width, height }] = [this.#steps[table], this.#blocks, frame];
    const stride = 64 * frame.unitsAcross * across;
    const pixels = new Float32Array(64);
    const rows = (top: number, count: number): Uint8Array => {
      const grey = new Uint8ClampedArray(8 * Math.ceil(count / 8) * width);
      for (let y = 0; y < count; y += 8) {
        for (let x = 0; x < columns; x++) {
          const at = ((top + y) >> 3) * stride + 64 * x;
          unwave(blocks.subarray(at, at + 64), steps, pixels);
          place(pixels, grey, y * width + 8 * x, width, Math.min(8, width - 8 * x));
        }
      }
      return new Uint8Array(grey.buffer, 0, count * width);
    };
    return { width, height, rows };
  }
}

interface Shown {
  readonly component: Component;
  readonly coder: Coder;
}

/** Writes the pixels of a block to their rows, rounded. */
function place(
  pixels: Float32Array,
  grey: Uint8ClampedArray,
  at: number,
  width: number,
  columns: number,
): void {
  for (let y = 0; y < 8; y++) {
    for (let x = 0; x < columns; x++) grey[at + y * width + x] = Math.floor(pixels[8 * y + x]);
  }
}

function frameOf(body: Uint8Array, progressive: boolean): Frame {
  const [precision, ...size] = body;
  const [height, width] = [size[0] * 256 + size[1], size[2] * 256 + size[3]];
  const sampled = Array.from({ length: body[5] }, (_, n) => body.subarray(6 + 3 * n, 9 + 3 * n));
  const across = Math.max(...sampled.map(([, factors]) => factors >> 4));
  const down = Math.max(...sampled.map(([, factors]) => factors & 15));
  refuseUnless(precision === 8 && [1, 3].includes(sampled.length));
  refuseUnless(sampled[0][1] === ((across << 4) | down));
  const components = sampled.map(([id, factors, table]) => ({
    id,
    across: factors >> 4,
    down: factors & 15,
    table,
    columns: Math.ceil(Math.ceil((width * (factors >> 4)) / across) / 8),
    lines: Math.ceil(Math.ceil((height * (factors & 15)) / down) / 8),
  }));
  const unitsAcross = Math.ceil(width / (8 * across));
  const unitsDown = Math.ceil(height / (8 * down));
  return { width, height, progressive, components, unitsAcross, unitsDown };
}

function refuseUnless(known: boolean): asserts known {
  if (!known) throw new Error("a kind of JPEG that is not read");
}
