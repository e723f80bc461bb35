/**
 * Whether a way to decode turns pictures upright by itself.
 *
 * Browsers differ, and no option means the same to all of them: some follow the EXIF of a JPEG
 * only, some that of PNG, and in WebCodecs some follow none. So each is given a picture of two
 * pixels beside each other whose EXIF says to turn it by a quarter.
 */

import type { Format } from "./header.ts";
import type { Opened, Way } from "./strips.ts";

const PICTURES: Partial<Record<Format, string>> = {
  "image/jpeg":
    "/9j/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEj" +
    "JR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/wAALCAABAAIBAREA/8QAFAABAAAAAAAA" +
    "AAAAAAAAAAAAB//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP3//2Q==",
  "image/png":
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAAAAADRSSBWAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAA" +
    "ANZnS2kAAAALSURBVHicY2BgAAAAAwABuK06YwAAAABJRU5ErkJggg==",
  "image/webp":
    "UklGRk4AAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TA4AAAAvAQAAAAcQEf0PRET/A0VYSUYaAAAATU0AKgAA" +
    "AAgAAQESAAMAAAABAAYAAAAAAAA=",
};

const known = new Map<Way, Map<Format, Promise<boolean>>>();

/** Tells whether what comes this way is upright already. */
export async function turnsByItself(way: Way, format: Format): Promise<boolean> {
  const formats = known.get(way) ?? new Map<Format, Promise<boolean>>();
  known.set(way, formats);
  const answer = formats.get(format) ?? tried(way, format);
  formats.set(format, answer);
  return answer;
}

async function tried(way: Way, format: Format): Promise<boolean> {
  const picture = PICTURES[format];
  if (!picture) return true;
  const bytes = Uint8Array.from(atob(picture), (digit) => digit.charCodeAt(0));
  const opened: Opened = await way(new Blob([bytes]), format);
  opened.close();
  return opened.width < opened.height;
}
