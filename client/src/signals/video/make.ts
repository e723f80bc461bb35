/**
 * The page's side: a video that was picked becomes signals.
 *
 * The Worker reads the file itself where it can; else the page plays it in steps and hands frames
 * over. Everything is asked for in small steps, so that she can pause, stop, and watch.
 */

import { type MadeSignals, NoSignals, type Progress } from "../model.ts";
import { Element } from "./element.ts";
import type { Answer, Ask, Ending } from "./messages.ts";

/**
 * Makes the signals of one video.
 *
 * @param file - what she picked.
 * @param connect - hands a port to the Worker, which calls `serveVideo` with it.
 * @param on - is told the share of the work that is done.
 * @param stop - ends it.
 * @param paused - waits for as long as she wants to rest.
 * @throws NoSignals: the file gives none, or it was stopped.
 */
export async function makeVideo(
  file: File,
  connect: (port: MessagePort) => void,
  on: Progress,
  stop: AbortSignal,
  paused: () => Promise<void>,
): Promise<MadeSignals> {
  const { port1, port2 } = new MessageChannel();
  connect(port2);
  const talk = new Talk(port1, on, stop, paused);
  try {
    if (!file.size) throw new NoSignals("empty");
    const { reads } = await talk.ask({ open: file });
    const there = reads ? await readThere(talk) : undefined;
    return await finished(talk, there?.duration ? there : await readHere(talk, file, stop));
  } finally {
    talk.end();
  }
}

/** Lets the Worker read frames until there are no more. */
async function readThere(talk: Talk): Promise<Ending> {
  for (;;) {
    const { ending } = await talk.ask({ read: true });
    if (ending) return ending;
  }
}

/** Plays the video on the page and hands its frames over. */
async function readHere(talk: Talk, file: File, stop: AbortSignal): Promise<Ending> {
  const element = await Element.open(file, stop);
  let every = 1000;
  try {
    for await (const { time, shown } of element.frames(() => every)) {
      const answer = await talk.ask({ frame: shown, time }, [shown]);
      every = answer.every ?? every;
      talk.tell(element.share * 0.95);
    }
    return element.ending;
  } finally {
    element.close();
  }
}

async function finished(talk: Talk, ending: Ending): Promise<MadeSignals> {
  for (;;) {
    const { made } = await talk.ask({ finish: ending });
    if (made) return made;
  }
}

/** One question after the other, each answered before the next. */
class Talk {
  readonly #port: MessagePort;
  readonly #on: Progress;
  readonly #stop: AbortSignal;
  readonly #paused: () => Promise<void>;
  #most = 0;

  constructor(port: MessagePort, on: Progress, stop: AbortSignal, paused: () => Promise<void>) {
    this.#port = port;
    this.#on = on;
    this.#stop = stop;
    this.#paused = paused;
  }

  /** Asks, once she lets it go on, and returns the answer. */
  async ask(ask: Ask, given: Transferable[] = []): Promise<Answer> {
    await this.#unlessStopped(this.#paused());
    const answer = await this.#unlessStopped(this.#answered(ask, given));
    if (answer.trouble) throw new NoSignals(answer.trouble);
    if (answer.share !== undefined) this.tell(answer.share);
    return answer;
  }

  /** Tells how much is done, unless she heard of more already. */
  tell(share: number): void {
    if (share <= this.#most) return;
    this.#most = share;
    this.#on(share);
  }

  /** Ends the talk; the Worker lets go of everything. */
  end(): void {
    this.#port.postMessage({ stop: true } satisfies Ask);
    this.#port.close();
  }

  #answered(ask: Ask, given: Transferable[]): Promise<Answer> {
    return new Promise((done) => {
      this.#port.onmessage = ({ data }: MessageEvent<Answer>) => done(data);
      this.#port.postMessage(ask, given);
    });
  }

  /** Waits for something, but no longer than until it is stopped. */
  #unlessStopped<Kind>(awaited: Promise<Kind>): Promise<Kind> {
    return new Promise((done, failed) => {
      const cancel = (): void => failed(new NoSignals("cancelled"));
      if (this.#stop.aborted) cancel();
      this.#stop.addEventListener("abort", cancel, { once: true });
      const over = (): void => this.#stop.removeEventListener("abort", cancel);
      awaited.then(done, failed).finally(over);
    });
  }
}
