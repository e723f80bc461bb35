/**
 * What a file is, how large the picture in it is and which way up, read from its first bytes.
 *
 * Read before anything is decoded, so that a picture too large for a phone never takes memory.
 * Names and types that a file claims for itself are not looked at.
 */

import { Bytes, big, characters, little } from "./bytes.ts";
import { type Edit, orientationIn } from "./exif.ts";
import { NoSignals } from "./model.ts";
import { AS_STORED, type Turn, turnOf } from "./upright.ts";

/** Largest picture file that is read. */
const MAXIMUM_BYTES = 128 * 1024 * 1024;

/** Most pixels that are decoded. */
const MAXIMUM_PIXELS = 80_000_000;

/** Longest side that is decoded, which is also the longest a JPEG can have. */
const MAXIMUM_SIDE = 65_535;

/** Bytes that say what a file is. */
const HEAD = 400;

/** The formats of pictures that are read, as browsers call them. */
export type Format =
  | "image/jpeg"
  | "image/png"
  | "image/gif"
  | "image/webp"
  | "image/avif"
  | "image/heic";

/** What is known of a picture before it is decoded. */
export interface Header {
  readonly format: Format;
  /** Pixels across, as stored. */
  readonly width: number;
  /** Pixels down, as stored. */
  readonly height: number;
  /** How EXIF says to turn it. */
  readonly turn: Turn;
  /** What would have to be written for the file to say nothing of a turn. */
  readonly edits: readonly Edit[];
  /** Whether a JPEG has brightness and two colours, as photographs do. */
  readonly colour: boolean;
}

type Facts = Omit<Header, "format">;

const BEGINNINGS: readonly [RegExp, Format][] = [
  [/^\xff\xd8\xff/, "image/jpeg"],
  [/^\x89PNG\r\n\x1a\n/, "image/png"],
  [/^GIF8[79]a/, "image/gif"],
  [/^RIFF[^]{4}WEBP/, "image/webp"],
  [/^[^]{4}ftyp(avif|avis)/, "image/avif"],
  [/^[^]{4}ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)/, "image/heic"],
];

/** MP4 and its kin, Matroska and WebM, AVI, Flash, Ogg, ASF, MPEG and its transport streams. */
const VIDEO = new RegExp(
  "^(?:[^]{4}(?:ftyp|moov|mdat|free|skip|wide|pnot)|\\x1a\\x45\\xdf\\xa3|RIFF[^]{4}AVI " +
    "|FLV\\x01|OggS|\\x30\\x26\\xb2\\x75\\x8e\\x66\\xcf\\x11|\\x00\\x00\\x01[\\xb0-\\xbf]" +
    "|\\x00\\x00\\x00?\\x01[\\x09\\x27\\x67]|\\x47[^]{187}\\x47|[^]{4}\\x47[^]{191}\\x47)",
);

const HEADERS: Record<Format, (bytes: Bytes) => Promise<Facts>> = {
  "image/jpeg": jpeg,
  "image/png": png,
  "image/gif": gif,
  "image/webp": webp,
  "image/avif": boxes,
  "image/heic": boxes,
};

/** Tells whether a file begins as pictures or as videos do. Throws {@link NoSignals} else. */
export async function kindOf(file: Blob): Promise<"picture" | "video"> {
  const head = await headOf(new Bytes(file));
  if (formatOf(head)) return "picture";
  if (VIDEO.test(head)) return "video";
  throw new NoSignals("not_readable");
}

/** Reads the header of a picture. Throws {@link NoSignals} if it is none, or too large. */
export async function headerOf(file: Blob): Promise<Header> {
  const bytes = new Bytes(file);
  const format = formatOf(await headOf(bytes));
  if (!format) throw new NoSignals("not_readable");
  if (file.size > MAXIMUM_BYTES) throw new NoSignals("too_large");
  const facts = await HEADERS[format](bytes);
  if (facts.width < 1 || facts.height < 1) throw new NoSignals("damaged");
  const longest = Math.max(facts.width, facts.height);
  if (longest > MAXIMUM_SIDE || facts.width * facts.height > MAXIMUM_PIXELS) {
    throw new NoSignals("too_large");
  }
  return { format, ...facts };
}

async function headOf(bytes: Bytes): Promise<string> {
  if (bytes.size === 0) throw new NoSignals("empty");
  return characters(await bytes.read(0, Math.min(HEAD, bytes.size)));
}

function formatOf(head: string): Format | undefined {
  return BEGINNINGS.find(([beginning]) => beginning.test(head))?.[1];
}

function facts(width: number, height: number): Facts {
  return { width, height, turn: AS_STORED, edits: [], colour: false };
}

/** Adds what EXIF says of a turn; of two that differ, the first counts. */
function turned(found: Facts, exif: Uint8Array, at: number): Facts {
  const said = orientationIn(exif);
  if (!said) return found;
  const turn = found.edits.length ? found.turn : turnOf(said.value);
  const edit = { at: at + said.at, length: said.upright.length, bytes: said.upright };
  return { ...found, turn, edits: [...found.edits, edit] };
}

/** Walks a JPEG's segments up to its pixels (ITU-T T.81, annex B). */
async function jpeg(bytes: Bytes): Promise<Facts> {
  let found = facts(0, 0);
  for (let at = 2; at < bytes.size; ) {
    const [, marker, ...length] = await bytes.read(at, 4);
    if (marker === 0xff) at += 1;
    else if (marker === 0xda) break;
    else {
      found = await segment(bytes, at, marker, found);
      at += 2 + Math.max(2, length[0] * 256 + length[1]);
    }
  }
  return found;
}

async function segment(bytes: Bytes, at: number, marker: number, found: Facts): Promise<Facts> {
  if (marker === 0xe1) {
    const body = await bytes.read(at + 4, big(await bytes.read(at + 2, 2), 0, 2));
    return characters(body, 0, 6) === "Exif\0\0" ? turned(found, body, at + 4) : found;
  }
  const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
  if (!frame) return found;
  const body = await bytes.read(at + 4, 6);
  const [height, width] = [big(body, 1, 2), big(body, 3, 2)];
  return { ...found, width, height, colour: body[5] === 3 };
}

/** Walks a PNG's chunks up to its pixels (ISO/IEC 15948, 5.3). */
async function png(bytes: Bytes): Promise<Facts> {
  const size = await bytes.read(16, 8);
  let found = facts(big(size, 0, 4), big(size, 4, 4));
  for (let at = 8; at < bytes.size; ) {
    const head = await bytes.read(at, 8);
    const [length, kind] = [big(head, 0, 4), characters(head, 4, 4)];
    if (kind === "IDAT") break;
    if (kind === "eXIf") {
      const { turn } = turned(found, await exifAt(bytes, at + 8, length), 0);
      const whole = { at, length: 12 + length, bytes: new Uint8Array() }; // it has a checksum
      found = { ...found, turn, edits: [...found.edits, whole] };
    }
    at += 12 + length;
  }
  return found;
}

async function gif(bytes: Bytes): Promise<Facts> {
  const size = await bytes.read(6, 4);
  return facts(little(size, 0, 2), little(size, 2, 2));
}

/** Reads the size of a WebP's canvas, and its EXIF (RFC 9649, sections 2.5 to 2.7). */
async function webp(bytes: Bytes): Promise<Facts> {
  const kind = characters(await bytes.read(12, 4));
  const body = await bytes.read(20, 10);
  if (kind === "VP8X") {
    return webpTurned(bytes, facts(1 + little(body, 4, 3), 1 + little(body, 7, 3)));
  }
  if (kind === "VP8L") {
    const bits = little(body, 1, 4);
    return facts(1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff));
  }
  return facts(little(body, 6, 2) & 0x3fff, little(body, 8, 2) & 0x3fff);
}

async function webpTurned(bytes: Bytes, found: Facts): Promise<Facts> {
  for (let at = 12; at < bytes.size; ) {
    const head = await bytes.read(at, 8);
    const length = little(head, 4, 4);
    if (characters(head, 0, 4) === "EXIF") {
      return turned(found, await exifAt(bytes, at + 8, length), at + 8);
    }
    at += 8 + length + (length % 2);
  }
  return found;
}

function exifAt(bytes: Bytes, at: number, length: number): Promise<Uint8Array> {
  return bytes.read(at, Math.min(length, 1 << 16));
}

/**
 * Finds the size of the largest picture among a HEIF file's properties (ISO/IEC 23008-12, 6.5.3).
 *
 * These formats are turned by properties of their own, which every decoder follows.
 */
async function boxes(bytes: Bytes): Promise<Facts> {
  const head = await bytes.read(0, Math.min(1 << 16, bytes.size));
  const text = characters(head);
  let largest = facts(0, 0);
  for (let at = text.indexOf("ispe"); at >= 0; at = text.indexOf("ispe", at + 4)) {
    const [width, height] = [big(head, at + 8, 4), big(head, at + 12, 4)];
    if (width * height > largest.width * largest.height) largest = facts(width, height);
  }
  return largest;
}
