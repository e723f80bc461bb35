/** Turns time stamps, which may go back or leap, into times that go forward. */

/** Longest video, in milliseconds. */
export const LONGEST = 24 * 3_600_000;

/** Milliseconds from one frame to the next that are believed … */
const LEAST_STEP = 0.9;
const MOST_STEP = 600_000;

/** … and what is assumed instead if the file does not say better. */
const USUAL_STEP = 40;

/** Twin of `Clock` in `src/takeback/hashing/footage.py`. */
export class Clock {
  readonly #step: number;
  #now = 0;
  #stamp: number | undefined;

  /** Starts at zero; *usual* milliseconds pass where a stamp can't be believed. */
  constructor(usual: number) {
    this.#step = isBelieved(usual) ? usual : USUAL_STEP;
  }

  /** Returns the time of the next frame in milliseconds, given its stamp. */
  tick(stamp: number): number {
    if (this.#stamp !== undefined) {
      const passed = stamp - this.#stamp;
      this.#now += isBelieved(passed) ? passed : this.#step;
    }
    this.#stamp = stamp;
    return Math.round(this.#now);
  }

  /** The time at which the last frame ends; 0 if there was none. */
  get end(): number {
    return this.#stamp === undefined ? 0 : Math.round(this.#now + this.#step);
  }
}

function isBelieved(step: number): boolean {
  return step >= LEAST_STEP && step <= MOST_STEP;
}
