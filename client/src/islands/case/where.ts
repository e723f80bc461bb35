/** The step of places and words: what is found in what she typed, and what can't be taken. */

import { byId, hide, show, showWhen, slot, stamp, type Words } from "../page.ts";
import { findLocators, type Found } from "../locators.ts";

/** How long to wait after the last key before saying what was found, in milliseconds. */
const PAUSE = 400;

const SWEEP = ["place", "time", "device"] as const;

/** What she wrote of where it is, read from the page. */
export class Where {
  readonly #words: Words;
  readonly #area = byId("locators", HTMLTextAreaElement);
  #warned = "";
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(words: Words) {
    this.#words = words;
    this.#area.addEventListener("input", () => {
      clearTimeout(this.#late);
      this.#late = setTimeout(() => this.#show(), PAUSE);
    });
  }

  /** What of it can be sent, as it will be. */
  get locators(): readonly string[] {
    return this.#found.taken;
  }

  /** Her words; of a sweep, with place, time and device before them. */
  get text(): string {
    return [this.#sweepText(), this.own].filter((part) => part !== "").join("\n\n");
  }

  /** Her words alone. */
  get own(): string {
    return byId("text", HTMLTextAreaElement).value.trim();
  }

  /** Place, time and device of a sweep; of anything else nothing. */
  get sweep(): Readonly<Record<string, string>> {
    const asked = !byId("sweep-fields").hidden;
    const said = (name: string) => byId(`sweep-${name}`, HTMLInputElement).value.trim();
    return Object.fromEntries(SWEEP.map((name) => [name, asked ? said(name) : ""]));
  }

  /** Whether anything was written that would be lost. */
  get written(): boolean {
    return this.#area.value.trim() !== "" || this.text !== "";
  }

  /** Tell whether she can go on; of what can't be taken she is told once. */
  check(): boolean {
    const { refused } = this.#show();
    const known = refused.length === 0 || this.#warned === this.#area.value;
    this.#warned = this.#area.value;
    show(byId("locators-wrong"), !known);
    if (!known) this.#area.focus();
    return known;
  }

  get #found(): Found {
    return findLocators(this.#area.value);
  }

  #sweepText(): string {
    const said = Object.values(this.sweep).some((fact) => fact !== "");
    return said ? this.#words.say("sweep", this.sweep) : "";
  }

  #show(): Found {
    const found = this.#found;
    const count = byId("locators-count");
    count.textContent = this.#words.say("locators", { count: found.taken.length });
    show(count, found.taken.length > 0);
    this.#area.setAttribute("aria-invalid", String(found.refused.length > 0));
    if (found.refused.length === 0) hide(byId("locators-wrong"));
    fill("locators-taken", found.taken.map(takenRow));
    fill("locators-refused", found.refused.map(refusedRow));
    return found;
  }
}

function fill(id: string, rows: readonly HTMLElement[]): void {
  byId(id).replaceChildren(...rows);
  show(byId(id), rows.length > 0);
}

function takenRow(locator: string): HTMLElement {
  const row = stamp("locator-taken");
  slot(row, "typed").textContent = locator;
  return row;
}

function refusedRow({ typed, reason }: Found["refused"][number]): HTMLElement {
  const row = stamp("locator-refused");
  slot(row, "typed").textContent = typed;
  showWhen(slot(row, "why"), reason);
  return row;
}
