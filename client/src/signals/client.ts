/** Where pages ask for signals: one Worker, one job after the other. */

import { kindOf } from "./header.ts";
import { type MadeSignals, NoSignals, type Progress } from "./model.ts";
import { type Answer, READY, type Request } from "./protocol.ts";
import { makeVideo } from "./video/make.ts";

/** Waits while a person paused the work on a video. */
export type Paused = () => Promise<void>;

/**
 * Makes signals of files, on this device.
 *
 * Made when a page loads, so that it works on after the network is gone.
 */
export class SignalMaker {
  readonly #url: string;
  #worker: Worker;
  #fell = false;
  readonly #jobs = new Map<number, (answer: Answer) => void>();
  /** Comes once the Worker has loaded: from then on no network is needed. */
  readonly ready = new Promise<void>((resolve) =>
    this.#jobs.set(READY, ({ trouble }) => trouble ?? resolve()),
  );
  #count = 0;
  #before: Promise<unknown> = Promise.resolve();

  /** Starts the Worker at an address that the page's policy allows. */
  constructor(url: string) {
    this.#url = url;
    this.#worker = this.#start();
  }

  /** Makes the signals of a picture or a video, whichever its content is. */
  async make(file: File, on: Progress, stop: AbortSignal, paused: Paused): Promise<MadeSignals> {
    if ((await kindOf(file)) === "video") return this.video(file, on, stop, paused);
    return this.picture(file, on, stop);
  }

  /** Makes the signals of a picture. Throws {@link NoSignals} if there are none. */
  picture(file: File, on: Progress, stop: AbortSignal): Promise<MadeSignals> {
    return this.#inTurn(stop, () => this.#ask(file, on, stop));
  }

  /** Makes the signals of a video. Throws {@link NoSignals} if there are none. */
  video(file: File, on: Progress, stop: AbortSignal, paused: Paused): Promise<MadeSignals> {
    const connect = (port: MessagePort): void => this.#post({ port }, [port]);
    return this.#inTurn(stop, () =>
      this.#unlessFallen(makeVideo(file, connect, on, stop, paused)),
    );
  }

  /** Waits for signals, but not from a Worker that fell over. */
  #unlessFallen(making: Promise<MadeSignals>): Promise<MadeSignals> {
    const job = ++this.#count;
    const fallen = new Promise<never>((_, reject) => {
      this.#jobs.set(job, () => reject(new NoSignals("too_large")));
    });
    return Promise.race([making, fallen]).finally(() => this.#jobs.delete(job));
  }

  /** Does a job once those before it are done; a phone has memory for one. */
  #inTurn(stop: AbortSignal, job: () => Promise<MadeSignals>): Promise<MadeSignals> {
    const next = this.#before.then(() => {
      if (stop.aborted) throw new NoSignals("cancelled");
      return job();
    });
    this.#before = next.catch(() => undefined);
    return next;
  }

  #ask(file: File, on: Progress, stop: AbortSignal): Promise<MadeSignals> {
    const job = ++this.#count;
    let cancel = (): void => undefined;
    return new Promise<MadeSignals>((resolve, reject) => {
      cancel = () => {
        this.#post({ job, stop: true });
        reject(new NoSignals("cancelled")); // nobody waits for the Worker to notice
      };
      this.#jobs.set(job, ({ share, made, trouble }) => {
        if (share !== undefined) on(share);
        if (made) resolve(made);
        if (trouble) reject(new NoSignals(trouble));
      });
      stop.addEventListener("abort", cancel);
      this.#post({ job, file });
    }).finally(() => {
      stop.removeEventListener("abort", cancel);
      this.#jobs.delete(job);
    });
  }

  #start(): Worker {
    const worker = new Worker(this.#url, { type: "module", name: "signals" });
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#jobs.get(data.job)?.(data);
    worker.onerror = () => this.#fail();
    return worker;
  }

  #post(request: Request, transfer: Transferable[] = []): void {
    if (this.#fell) this.#worker = this.#start();
    this.#fell = false;
    this.#worker.postMessage(request, transfer);
  }

  /** A Worker that fell over, most likely for want of memory, answers nobody; the next job has a
   * new one. */
  #fail(): void {
    this.#fell = true;
    this.#worker.terminate();
    for (const [job, answer] of this.#jobs) answer({ job, trouble: "too_large" });
  }
}
