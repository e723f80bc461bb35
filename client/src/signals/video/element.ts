/**
 * The frames of a video that only `<video>` can read, one a second, by seeking.
 *
 * The element is never put into the page and never heard. Its address names a file in memory and
 * is taken back at the end.
 */

import { NoSignals } from "../model.ts";
import type { Shown } from "./luma.ts";
import type { Ending } from "./messages.ts";

/** Milliseconds after which a video that does not answer is given up. */
const PATIENCE = 30_000;

/** Later than any video ends: seeking there tells how long one is that does not say. */
const FAR = 1e7;

/** A frame as it is shown. */
export interface ShownFrame {
  /** Milliseconds from the first frame. */
  readonly time: number;
  readonly shown: Shown;
}

/** Plays one video in steps. */
export class Element {
  /** Share of the video that was seen, 0 to 1. */
  share = 0;
  readonly #video: HTMLVideoElement;
  readonly #address: string;
  #complete = true;
  #end = 0;

  private constructor(file: File) {
    this.#address = URL.createObjectURL(file);
    this.#video = document.createElement("video");
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.preload = "auto";
  }

  /**
   * Opens a file.
   *
   * @throws NoSignals: this browser can't play it, or it has no picture.
   */
  static async open(file: File): Promise<Element> {
    const element = new Element(file);
    try {
      await element.#load();
      return element;
    } catch (error) {
      element.close();
      throw error;
    }
  }

  /** How the reading ended. */
  get ending(): Ending {
    return { duration: this.#end, complete: this.#complete };
  }

  /** Yields a frame each time that *every* milliseconds have passed. */
  async *frames(every: () => number): AsyncGenerator<ShownFrame> {
    const lasts = await this.#length();
    let before = -1;
    for (let target = 0; target === 0 || target < lasts; target = next(target, every())) {
      if (target > 0 && !(await this.#seek(target / 1000))) break;
      const frame = await this.#frame(target);
      this.share = lasts ? target / lasts : 1;
      if (frame.time <= before) {
        frame.shown.close();
        continue;
      }
      before = frame.time;
      yield frame;
    }
    this.#end = this.#complete ? Math.max(lasts, before + 1) : before + 1;
  }

  /** Takes the address back and lets the video go. */
  close(): void {
    this.#video.removeAttribute("src");
    this.#video.load();
    URL.revokeObjectURL(this.#address);
  }

  async #load(): Promise<void> {
    const loaded = this.#told("loadeddata");
    this.#video.src = this.#address;
    if (!(await loaded)) throw new NoSignals(this.#reason());
    if (!this.#video.videoWidth) throw new NoSignals("no_frames");
  }

  #reason(): "not_readable" | "no_frames" {
    return this.#video.error?.code === MediaError.MEDIA_ERR_DECODE ? "no_frames" : "not_readable";
  }

  /** Returns how many milliseconds the video lasts, of one that does not say by going to its end. */
  async #length(): Promise<number> {
    if (!Number.isFinite(this.#video.duration)) {
      await this.#seek(FAR);
      await this.#seek(0);
    }
    const { duration } = this.#video;
    return Number.isFinite(duration) ? Math.round(duration * 1000) : 0;
  }

  /** Goes to a time in seconds, and says whether the video got there. */
  async #seek(seconds: number): Promise<boolean> {
    const there = this.#told("seeked");
    this.#video.currentTime = seconds;
    this.#complete &&= await there;
    return this.#complete;
  }

  /** Waits for an event; false if an error or nothing at all comes instead. */
  #told(event: "loadeddata" | "seeked"): Promise<boolean> {
    return new Promise((done) => {
      const silent = setTimeout(() => done(false), PATIENCE);
      const heard = (yes: boolean) => () => {
        clearTimeout(silent);
        done(yes);
      };
      this.#video.addEventListener(event, heard(true), { once: true });
      this.#video.addEventListener("error", heard(false), { once: true });
    });
  }

  /** Takes what is shown now: the decoder's own frame where that says how it lies. */
  async #frame(target: number): Promise<ShownFrame> {
    if ("VideoFrame" in globalThis && "rotation" in VideoFrame.prototype) {
      const shown = new VideoFrame(this.#video);
      return { time: Math.round(shown.timestamp / 1000), shown };
    }
    return { time: target, shown: await createImageBitmap(this.#video) };
  }
}

/** Returns the next time that is a multiple of *every*. */
function next(time: number, every: number): number {
  return (Math.floor(time / every) + 1) * every;
}
