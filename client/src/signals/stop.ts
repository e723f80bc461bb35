/** Stopping work that is under way in a Worker, between two pieces of it. */

import { NoSignals } from "./model.ts";

/** Whether work is to stop; it hears of that only when it rests. */
export class Stop {
  #asked = false;

  /** Asks to stop. */
  ask(): void {
    this.#asked = true;
  }

  /** Lets messages in, and throws {@link NoSignals} if one of them asked to stop. */
  async rest(): Promise<void> {
    await new Promise((done) => setTimeout(done));
    if (this.#asked) throw new NoSignals("cancelled");
  }
}
