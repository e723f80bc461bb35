/** The Worker that makes signals, so that the page stays quick; client.ts is its other end. */

import { madeOf } from "./items.ts";
import { NoSignals, type Trouble } from "./model.ts";
import { hashPicture } from "./picture.ts";
import { type Answer, READY, type Request } from "./protocol.ts";
import { Stop } from "./stop.ts";
import { serveVideo } from "./video/serve.ts";

const scope = globalThis as unknown as Worker; // a Worker hears and speaks as its page does
const stops = new Map<number, Stop>();
let before: Promise<void> = Promise.resolve();

scope.onmessage = ({ data }: MessageEvent<Request>): void => {
  if ("file" in data) begin(data.job, data.file);
  else if ("stop" in data) stops.get(data.job)?.ask();
  else serveVideo(data.port);
};

/** Does a job once the one before it is done, or has noticed that nobody waits for it. */
function begin(job: number, file: Blob): void {
  const stop = new Stop();
  stops.set(job, stop);
  before = before.then(() => answer(job, file, stop));
}

async function answer(job: number, file: Blob, stop: Stop): Promise<void> {
  const say = (answer: Omit<Answer, "job">): void => scope.postMessage({ job, ...answer });
  try {
    say({ made: madeOf(await hashPicture(file, (share) => say({ share }), stop)) });
  } catch (error) {
    say({ trouble: troubleOf(error) });
  } finally {
    stops.delete(job);
  }
}

/** What isn't known by name is a picture that this browser can't read to its end. */
function troubleOf(error: unknown): Trouble {
  return error instanceof NoSignals ? error.trouble : "damaged";
}

scope.postMessage({ job: READY });
