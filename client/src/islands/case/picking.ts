/**
 * Files that were picked, and their way to signals: one after the other, each of which can be
 * paused, taken back or tried again. Knows no page; whoever shows it is told of every change.
 *
 * A file's name is never read. The file is let go as soon as its signals are there.
 */

import { type MadeSignals, NoSignals, type Progress, type Trouble } from "../../signals/model.ts";

/** The most items of one sending. */
export const MOST_ITEMS = 20;

/** Makes the signals of one file; `SignalMaker` of `signals/client.ts` is one. */
export interface Maker {
  make(
    file: File,
    on: Progress,
    stop: AbortSignal,
    paused: () => Promise<void>,
  ): Promise<MadeSignals>;
}

/** Where a file is on its way. */
export type State = "waiting" | "working" | "paused" | "done" | "trouble";

/** One file that was picked. */
export interface Picked {
  readonly kind: "picture" | "video";
  /** Counted by kind, from one, in the order picked. */
  readonly number: number;
  /** In bytes. */
  readonly size: number;
  readonly state: State;
  /** Share of the work done, 0 to 1. */
  readonly share: number;
  readonly made: MadeSignals | undefined;
  readonly trouble: Trouble | undefined;
}

type Work = { -readonly [Name in keyof Picked]: Picked[Name] };

/** What a list needs beside what is shown of it. */
interface Private {
  file: File | undefined;
  stop: AbortController;
  resume: (() => void) | undefined;
}

/** All files that were picked and not taken back. */
export class Picking {
  readonly #maker: Maker;
  readonly #changed: (picked: Picked) => void;
  readonly #all = new Map<Work, Private>();
  readonly #count = { picture: 0, video: 0 };
  #working = false;

  /** `changed` is called after each change of a file, its end included. */
  constructor(maker: Maker, changed: (picked: Picked) => void) {
    this.#maker = maker;
    this.#changed = changed;
  }

  /** Those that were not taken back, in the order picked. */
  get all(): readonly Picked[] {
    return [...this.#all.keys()];
  }

  /** The signals made so far. */
  get made(): readonly MadeSignals[] {
    return this.all.flatMap((picked) => picked.made ?? []);
  }

  /** Whether signals are still to be made. */
  get busy(): boolean {
    return this.all.some((picked) => picked.state !== "done" && picked.state !== "trouble");
  }

  /** Share of all the work done, 0 to 1. */
  get share(): number {
    const shares = this.all.map((each) => (each.state === "trouble" ? 1 : each.share));
    return shares.length === 0 ? 1 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  }

  /** Take files in and begin; returns how many did not fit in one sending. */
  add(files: readonly File[]): number {
    const taken = files.slice(0, this.#room);
    for (const file of taken) this.#changed(this.#take(file));
    void this.#work();
    return files.length - taken.length;
  }

  /** Take a file back; what was made of it is gone. */
  remove(picked: Picked): void {
    const own = this.#own(picked);
    this.#all.delete(picked);
    own?.stop.abort();
    own?.resume?.();
    this.#changed(picked);
  }

  /** Hold a file's work where it is. */
  pause(picked: Picked): void {
    if (picked.state === "working") this.#set(picked, { state: "paused" });
  }

  /** Carry on with a file that was paused. */
  resume(picked: Picked): void {
    if (picked.state !== "paused") return;
    this.#set(picked, { state: "working" });
    this.#own(picked)?.resume?.();
  }

  /** Try a file once more that gave no signals; returns 1 if it does not fit any more. */
  retry(picked: Picked): number {
    if (picked.state !== "trouble") return 0;
    if (this.#room === 0) return 1;
    this.#set(picked, { state: "waiting", share: 0, trouble: undefined });
    void this.#work();
    return 0;
  }

  /** How many more fit in one sending; what is in trouble is not sent and takes no place. */
  get #room(): number {
    const taking = this.all.filter((picked) => picked.state !== "trouble");
    return Math.max(0, MOST_ITEMS - taking.length);
  }

  #take(file: File): Work {
    const kind = file.type.startsWith("video/") ? "video" : "picture";
    const number = ++this.#count[kind];
    const share = 0;
    const rest = { state: "waiting", share, made: undefined, trouble: undefined } as const;
    const picked: Work = { kind, number, size: file.size, ...rest };
    this.#all.set(picked, { file, stop: new AbortController(), resume: undefined });
    return picked;
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) await this.#make(next);
    this.#working = false;
  }

  #next(): Picked | undefined {
    return this.all.find((picked) => picked.state === "waiting");
  }

  async #make(picked: Picked): Promise<void> {
    const own = this.#own(picked);
    if (own?.file === undefined) return;
    this.#set(picked, { state: "working" });
    try {
      const paused = () => this.#untilResumed(picked);
      const on = (share: number) => this.#set(picked, { share });
      const made = await this.#maker.make(own.file, on, own.stop.signal, paused);
      own.file = undefined;
      this.#set(picked, { state: "done", share: 1, made, ...this.#named(picked, made.kind) });
    } catch (failure) {
      this.#set(picked, { state: "trouble", trouble: troubleOf(failure) });
    }
  }

  /** A file whose content is not what it was taken for is counted anew. */
  #named(picked: Picked, kind: Picked["kind"]): Pick<Picked, "kind" | "number"> {
    return { kind, number: kind === picked.kind ? picked.number : ++this.#count[kind] };
  }

  #untilResumed(picked: Picked): Promise<void> {
    const own = this.#own(picked);
    if (own === undefined || picked.state !== "paused") return Promise.resolve();
    return new Promise((resolve) => (own.resume = resolve));
  }

  #set(picked: Picked, change: Partial<Work>): void {
    if (!this.#all.has(picked)) return;
    Object.assign(picked, change);
    this.#changed(picked);
  }

  #own(picked: Picked): Private | undefined {
    return this.#all.get(picked);
  }
}

function troubleOf(failure: unknown): Trouble {
  return failure instanceof NoSignals ? failure.trouble : "not_readable";
}
