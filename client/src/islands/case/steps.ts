/** The steps of the journey in one document: one is shown, its heading has the focus. */

import { byId, focusOn, hide, show, slot, type Words } from "../page.ts";

/** The steps by the names that their ids have in the page. */
export type Step = "situation" | "pick" | "where" | "choices" | "review" | "code";

const PICTURES: readonly Step[] = ["situation", "pick", "where", "choices", "review"];
const PLACES: readonly Step[] = ["situation", "where", "choices", "review"];

/** Moves between steps. Nothing goes into the browser's history. */
export class Steps {
  readonly #words: Words;
  #order = PICTURES;
  #current: Step = "situation";

  constructor(words: Words) {
    this.#words = words;
  }

  /** Leave the step of the pictures in, or out where only a place is told. */
  withPictures(wanted: boolean): void {
    this.#order = wanted ? PICTURES : PLACES;
    this.#mark();
  }

  /** Show the first step, without taking the focus from whoever just came. */
  begin(): void {
    show(byId("step-situation"));
    this.#mark();
  }

  /** Go on to the next step. */
  next(): void {
    this.go(this.#order[this.#order.indexOf(this.#current) + 1] ?? "code");
  }

  /** Go one step back. */
  back(): void {
    this.go(this.#order[this.#order.indexOf(this.#current) - 1] ?? "situation");
  }

  /** Show one step and no other. */
  go(step: Step): void {
    hide(byId(`step-${this.#current}`));
    this.#current = step;
    show(byId(`step-${step}`));
    byId("danger", HTMLDetailsElement).open = false;
    this.#mark();
    focusOn(byId(`title-${step}`));
    scrollTo({ top: 0 });
  }

  #mark(): void {
    const here = this.#order.indexOf(this.#current);
    for (const line of document.querySelectorAll<HTMLElement>("[data-step]")) {
      const there = this.#order.indexOf(line.dataset["step"] as Step);
      show(line, there >= 0 && here >= 0);
      line.classList.toggle("done", there < here);
      if (there === here) line.setAttribute("aria-current", "step");
      else line.removeAttribute("aria-current");
    }
    if (here < 0) return;
    const facts = { number: here + 1, count: this.#order.length };
    slot(byId(`step-${this.#current}`), "place").textContent = this.#words.say("place", facts);
  }
}
