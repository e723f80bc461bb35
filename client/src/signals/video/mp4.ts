/**
 * The table of an MP4 or MOV file, as phones write them: what is in it, and where each frame lies.
 *
 * Only what WebCodecs needs of the most usual kind, H.264 in a file that is not in fragments.
 * Whatever else there is `<video>` plays, and `element.ts` reads. Source: ISO/IEC 14496-12 (boxes)
 * and 14496-15 (H.264 in them).
 */

import { Box } from "./box.ts";
import { type Samples, samplesOf } from "./samples.ts";

/** A table longer than this is of no phone. */
const LONGEST_TABLE = 64 << 20;

/** Boxes at the outermost level that are looked at before giving up. */
const MOST_BOXES = 100;

/** The moving picture of a file. */
export interface Track {
  /** As RFC 6381 names codecs. */
  readonly codec: string;
  /** What the decoder is to know before the first frame. */
  readonly description: Uint8Array<ArrayBuffer>;
  /** Bytes of the length that is before each unit of a frame. */
  readonly lengthBytes: number;
  readonly width: number;
  readonly height: number;
  /** By how many degrees clockwise frames are to be turned. */
  readonly degrees: number;
  /** Ticks a second. */
  readonly scale: number;
  /** Ticks from which and until which frames are shown. */
  readonly from: number;
  readonly until: number;
  readonly samples: Samples;
}

/**
 * Returns the moving picture of an MP4 or MOV file; undefined if it is another kind of file, or
 * too unusual to be read here.
 */
export async function openMp4(file: Blob): Promise<Track | undefined> {
  try {
    const table = await tableOf(file);
    return table && !table.find("mvex") ? shownTrack(table) : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Finds the table, which may be at the beginning or at the end. */
async function tableOf(file: Blob): Promise<Box | undefined> {
  for (let at = 0, boxes = 0; at < file.size && boxes < MOST_BOXES; boxes++) {
    const { name, from, to } = await Box.outer(file, at);
    if (boxes === 0 && name !== "ftyp") return undefined;
    if (name === "moov" && to - from <= LONGEST_TABLE) return await Box.read(file, from, to);
    at = to;
  }
  return undefined;
}

/** Returns the moving picture that players show. */
function shownTrack(table: Box): Track | undefined {
  const moving = [...table.boxes()]
    .filter(([name, box]) => name === "trak" && box.find("mdia", "hdlr")?.name(8) === "vide")
    .map(([, box]) => box);
  const isShown = (track: Box): boolean => ((track.find("tkhd")?.whole(0) ?? 0) & 1) === 1;
  const shown = moving.find(isShown) ?? moving[0];
  return shown && trackOf(shown, scaleOf(table.find("mvhd")));
}

/** Reads what a track says of itself; undefined if it is not of the kind that is read here. */
function trackOf(track: Box, movieScale: number): Track | undefined {
  const table = track.find("mdia", "minf", "stbl");
  const scale = scaleOf(track.find("mdia", "mdhd"));
  const shown = shownPart(track.find("edts", "elst"), scale / movieScale);
  const format = table && formatOf(table);
  if (!format || !shown) return undefined;
  return {
    ...format,
    ...shown,
    scale,
    degrees: degreesOf(track.find("tkhd")),
    samples: samplesOf(table),
  };
}

/** Reads how frames are encoded; undefined if not all are H.264. */
function formatOf(
  table: Box,
): Pick<Track, "codec" | "description" | "lengthBytes" | "width" | "height"> | undefined {
  const descriptions = table.find("stsd");
  const [[kind, entry]] = [...(descriptions?.boxes(8) ?? []), [undefined, undefined]];
  const known = descriptions?.whole(4) === 1 && (kind === "avc1" || kind === "avc3");
  const settings = known && entry?.part(78).find("avcC");
  if (!settings || !entry) return undefined;
  const digits = [1, 2, 3].map((at) => settings.whole(at, 1).toString(16).padStart(2, "0"));
  return {
    codec: `avc1.${digits.join("")}`,
    description: settings.bytes(),
    lengthBytes: (settings.whole(4, 1) & 3) + 1,
    width: entry.whole(24, 2),
    height: entry.whole(26, 2),
  };
}

/** Returns ticks a second. */
function scaleOf(header: Box | undefined): number {
  return header?.whole(header.version === 1 ? 20 : 12) || 1;
}

/** Returns by how many degrees clockwise a matrix turns; 0 if it does something else. */
function degreesOf(header: Box | undefined): number {
  if (!header) return 0;
  const at = header.version === 1 ? 52 : 40;
  const matrix = [0, 4, 12, 16].map((from) => Math.sign(header.signed(at + from)));
  const turns: Record<string, number> = { "0,1,-1,0": 90, "-1,0,0,-1": 180, "0,-1,1,0": 270 };
  return turns[matrix.join()] ?? 0;
}

/** Returns which ticks are shown; undefined if the track was put together of several parts. */
function shownPart(
  edits: Box | undefined,
  ticks: number,
): Pick<Track, "from" | "until"> | undefined {
  if (!edits) return { from: -Infinity, until: Infinity };
  const parts = [...partsOf(edits)].filter(({ from }) => from >= 0); // others show nothing
  if (parts.length !== 1) return undefined;
  const [{ from, lasts }] = parts;
  return { from, until: lasts ? from + lasts * ticks : Infinity };
}

function* partsOf(edits: Box): Generator<{ from: number; lasts: number }> {
  const long = edits.version === 1;
  const size = long ? 20 : 12;
  for (let at = 8, left = edits.whole(4); left > 0; left--, at += size) {
    const edit = edits.part(at, at + size);
    if (long) yield { lasts: edit.long(0), from: edit.signed(8) * 2 ** 32 + edit.whole(12) };
    else yield { lasts: edit.whole(0), from: edit.signed(4) };
  }
}
