/** The last step before sending: what is sent, in numbers and word for word. */

import { byId, focusOn, show, showWhen, slot, type Words } from "../page.ts";
import { bytesOf, MOST_BYTES, type Registration } from "./draft.ts";

/** What the numbers are made of, besides the document itself. */
export interface Shown {
  readonly document: Registration;
  readonly situation: { readonly kind: string; readonly age: string };
  readonly choices: readonly string[];
  /** Place, time and device of a sweep, as she wrote them. */
  readonly sweep: Readonly<Record<string, string>>;
  /** Her words alone. */
  readonly own: string;
  /** Names of those that need keypoints, which are off. */
  readonly leftOut: string;
  /** Names of those that gave no signals. */
  readonly failed: string;
  /** Share of the signals that are made, 0 to 1. */
  readonly share: number;
}

/** Shows the review and what becomes of the sending. */
export class Review {
  readonly #words: Words;
  readonly #send = byId("send", HTMLButtonElement);

  #document = "";
  #large = false;

  constructor(words: Words) {
    this.#words = words;
    byId("exactly").addEventListener("toggle", () => this.#exactly());
  }

  /** Fill in all of it; sending waits for signals that are still being made. */
  show(shown: Shown): void {
    const { document } = shown;
    byId("sum-kind").textContent = this.#words.say("sum.kind", shown.situation);
    byId("sum-items").textContent = this.#items(document);
    byId("sum-choices").textContent = this.#choices(shown);
    this.#line("sum-left-out", "sum.left_out", shown.leftOut);
    this.#line("sum-failed", "sum.failed", shown.failed);
    this.#counted("sum-locators", "locators", document.locators.length);
    for (const [name, said] of Object.entries(shown.sweep)) this.#said(`sum-${name}`, said);
    this.#counted("sum-text", "sum.text", [...shown.own].length);
    show(byId("sum-nothing"), isBare(document));
    this.#document = JSON.stringify(document, null, 1);
    this.#exactly();
    this.#large = bytesOf(document) > MOST_BYTES;
    this.wait(shown.share);
  }

  /** Sending waits as long as signals are being made. */
  wait(share: number): void {
    const percent = Math.floor(share * 100);
    byId("making-share").textContent = this.#words.say("share", { share: percent });
    byId("making-bar", HTMLProgressElement).value = percent;
    show(byId("making"), share < 1);
    showWhen(byId("sending"), this.#large ? "too-large" : "");
    this.#send.setAttribute("aria-disabled", String(share < 1 || this.#large));
  }

  /** Say how the sending stands; `fixed` once nothing can be changed any more. */
  say(outcome: string, fixed: boolean): void {
    const sending = outcome === "sending";
    showWhen(byId("sending"), outcome);
    this.#send.setAttribute("aria-disabled", String(sending));
    show(byId("review-back"), !sending && !fixed);
    if (!sending) focusOn(byId("sending"));
  }

  /** Once it is sent, the page keeps nothing of it. */
  forget(): void {
    this.#document = "";
    this.#exactly();
    const typed = byId("summary").querySelectorAll("[data-slot=typed]");
    for (const each of typed) each.replaceChildren();
  }

  /** The document can be long: it is in the page only while somebody looks at it. */
  #exactly(): void {
    byId("document").textContent = byId("exactly", HTMLDetailsElement).open ? this.#document : "";
  }

  #items({ items }: Registration): string {
    if (items.length === 0) return this.#words.say("sum.no_items");
    const count = items.reduce((sum, item) => sum + item.signals.length, 0);
    const counted = this.#words.say("sum.items", { count: items.length });
    return this.#words.say("sum.signals", { items: counted, count });
  }

  #choices({ choices, document }: Shown): string {
    const day = document.choices.end_date;
    const ends = day === undefined ? [] : [this.#words.say("sum.end_date", { day })];
    const names = [...choices, ...ends].join("; ");
    return this.#words.say(names === "" ? "sum.choices.none" : "sum.choices", { names });
  }

  #line(id: string, sentence: string, names: string): void {
    byId(id).textContent = this.#words.say(sentence, { names });
    show(byId(id), names !== "");
  }

  #said(id: string, text: string): void {
    slot(byId(id), "typed").textContent = text;
    show(byId(id), text !== "");
  }

  #counted(id: string, sentence: string, count: number): void {
    byId(id).textContent = this.#words.say(sentence, { count });
    show(byId(id), count > 0);
  }
}

/** Whether nothing is in it that could be found or read; of a threat that is enough. */
function isBare({ kind, items, locators, text }: Registration): boolean {
  return kind !== "threatened" && items.length + locators.length + text.length === 0;
}
