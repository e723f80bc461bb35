/** Notices that nobody has touched the page for a while, also while the phone was asleep. */

/** After how long, in milliseconds. */
const LONG = 10 * 60 * 1000;

/** How often to look, in milliseconds; a page that comes back into view is looked at at once. */
const LOOK = 15_000;

/** Signs of somebody who is there. */
const SIGNS = ["pointerdown", "keydown", "wheel", "touchmove"] as const;

/** Calls back once ten minutes have passed without a sign of anybody. */
export class Idle {
  readonly #over: () => void;
  #last = Date.now();

  constructor(over: () => void) {
    this.#over = over;
    for (const sign of SIGNS) addEventListener(sign, () => this.touch(), { passive: true });
    document.addEventListener("visibilitychange", () => this.#look());
    setInterval(() => this.#look(), LOOK);
  }

  /** Note that somebody is there, or that the page is at work for them. */
  touch(): void {
    this.#look();
    this.#last = Date.now();
  }

  #look(): void {
    if (Date.now() - this.#last < LONG) return;
    this.#last = Date.now();
    this.#over();
  }
}
