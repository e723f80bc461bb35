/** Where the frames of a track lie in its file, and when each is shown. */

import type { Box } from "./box.ts";

/** Most frames of a video: twelve hours at sixty a second. */
const MOST_FRAMES = 3_000_000;

/** All frames of a track, in the order in which they are decoded. */
export interface Samples {
  readonly count: number;
  /** Ticks that all of them together take. */
  readonly lasts: number;
  /** Where each begins in the file. */
  readonly places: Float64Array;
  /** Bytes of each. */
  readonly sizes: Uint32Array;
  /** Ticks at which each is shown. */
  readonly stamps: Float64Array;
  /** 1 for those that need no other. */
  readonly keys: Uint8Array;
}

/**
 * Reads the tables of a track (ISO/IEC 14496-12, 8.6 and 8.7).
 *
 * @throws RangeError: a table is missing, they contradict each other, or have no end.
 */
export function samplesOf(table: Box): Samples {
  const sizes = sizesOf(need(table, "stsz"));
  const { stamps, lasts } = decodingTimes(need(table, "stts"), sizes.length);
  addDelays(table.find("ctts"), stamps);
  const keys = keysOf(table.find("stss"), sizes.length);
  return { count: sizes.length, lasts, sizes, places: placesOf(table, sizes), stamps, keys };
}

function need(table: Box, name: string): Box {
  const box = table.find(name);
  if (!box) throw new RangeError("a table is missing");
  return box;
}

function sizesOf(box: Box): Uint32Array {
  const [all, count] = [box.whole(4), box.whole(8)];
  if (count > MOST_FRAMES) throw new RangeError("too many frames");
  return Uint32Array.from({ length: count }, (_, at) => all || box.whole(12 + 4 * at));
}

/** Frames lie one behind the other in chunks; a table says how many are in each. */
function placesOf(table: Box, sizes: Uint32Array): Float64Array {
  const places = new Float64Array(sizes.length);
  let frame = 0;
  for (const [place, frames] of chunks(table)) {
    let at = place;
    for (let left = frames; left > 0 && frame < sizes.length; left--, frame++) {
      places[frame] = at;
      at += sizes[frame];
    }
  }
  if (frame < sizes.length) throw new RangeError("frames that lie nowhere");
  return places;
}

/** Yields where each chunk begins, and how many frames it has. */
function* chunks(table: Box): Generator<[number, number]> {
  const [short, long] = [table.find("stco"), table.find("co64")];
  const begins = short ?? need(table, "co64");
  const count = begins.whole(4);
  const runs = need(table, "stsc");
  for (let run = 0, more = runs.whole(4); run < more; run++) {
    const at = 8 + 12 * run;
    const next = run + 1 < more ? runs.whole(at + 12) - 1 : count;
    for (let chunk = runs.whole(at); chunk <= Math.min(next, count); chunk++) {
      const place = short ? short.whole(4 + 4 * chunk) : (long?.long(8 * chunk) ?? 0);
      yield [place, runs.whole(at + 4)];
    }
  }
}

/** Returns the ticks at which frames are decoded; runs of frames take equally long. */
function decodingTimes(box: Box, count: number): Pick<Samples, "stamps" | "lasts"> {
  const stamps = new Float64Array(count);
  let [frame, now] = [0, 0];
  for (let run = 0, more = box.whole(4); run < more && frame < count; run++) {
    const step = box.whole(12 + 8 * run);
    for (let left = box.whole(8 + 8 * run); left > 0 && frame < count; left--, now += step) {
      stamps[frame++] = now;
    }
  }
  return { stamps, lasts: now };
}

/** Adds to each time by how much the frame is shown later than it is decoded. */
function addDelays(box: Box | undefined, times: Float64Array): void {
  let frame = 0;
  for (let run = 0, more = box?.whole(4) ?? 0; box && run < more && frame < times.length; run++) {
    const delay = box.signed(12 + 8 * run);
    for (let left = box.whole(8 + 8 * run); left > 0 && frame < times.length; left--) {
      times[frame++] += delay;
    }
  }
}

/** Without a table every frame is one that needs no other. */
function keysOf(box: Box | undefined, count: number): Uint8Array {
  const keys = new Uint8Array(count).fill(box ? 0 : 1);
  for (let at = 0, more = box?.whole(4) ?? 0; box && at < more; at++) {
    keys[box.whole(8 + 4 * at) - 1] = 1;
  }
  return keys;
}
