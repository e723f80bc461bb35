/**
 * Code, PIN and slip: shown once, in this page's memory and nowhere else, and typed back once.
 *
 * Copying and saving are hers to do; the page says what each leaves behind.
 */

import type { Opened } from "../../wire.ts";
import { byId, focusOn, hide, show, showWhen, tell } from "../page.ts";
import type { Registration } from "./draft.ts";
import { grouped, isTypedBack, noteOf } from "./secrets.ts";

/** How long a saved note's address is kept for the browser to read, in milliseconds. */
const SAVING = 10_000;

/** Shows what opens the case; `kept` is called once she has it. */
export class Handover {
  readonly #kept: () => void;
  #opened: Opened | undefined;

  constructor(kept: () => void) {
    this.#kept = kept;
    byId("save-note").addEventListener("click", (click) => this.#save(click));
    byId("copy-code").addEventListener("click", () => void this.#copy());
    byId("check-back").addEventListener("click", () => this.#check());
    byId("skip-back").addEventListener("click", () => this.#after());
    byId("typed-back").addEventListener("keydown", (key) => {
      if (key.key === "Enter") this.#check();
    });
  }

  /** Write everything into the page; what comes next depends on what was `sent`. */
  show(opened: Opened, sent: Registration): void {
    this.#opened = opened;
    showWhen(byId("after-signals"), sent.items.length > 0 ? "signals" : "none");
    showWhen(byId("after-age"), sent.age_band);
    const receipt = byId("to-receipt", HTMLAnchorElement);
    const texts = {
      code: grouped(opened.code),
      pin: opened.pin,
      "code-words": opened.words.join(" "),
      slip: opened.slip,
      "case-id": opened.case_id,
      "come-back": `${receipt.host}${receipt.pathname}`,
    };
    for (const [id, text] of Object.entries(texts)) byId(id).textContent = text;
  }

  /** Hand the note to the browser's own saving; its address is good for a moment. */
  #save(click: Event): void {
    if (this.#opened === undefined) return;
    const note = new Blob([noteOf(this.#opened)], { type: "text/plain;charset=utf-8" });
    const link = click.currentTarget as HTMLAnchorElement;
    const address = URL.createObjectURL(note);
    link.href = address;
    setTimeout(() => URL.revokeObjectURL(address), SAVING);
  }

  async #copy(): Promise<void> {
    if (this.#opened === undefined) return;
    try {
      await navigator.clipboard.writeText(`${grouped(this.#opened.code)}\n${this.#opened.pin}`);
      showWhen(byId("copied"), "copied");
    } catch {
      getSelection()?.selectAllChildren(byId("code"));
      showWhen(byId("copied"), "selected");
    }
  }

  #check(): void {
    const field = byId("typed-back", HTMLInputElement);
    const right = this.#opened !== undefined && isTypedBack(field.value, this.#opened);
    tell(field, byId("typed-back-wrong"), !right);
    if (right) this.#after();
  }

  #after(): void {
    for (const id of ["check-back", "skip-back"]) hide(byId(id));
    show(byId("after"));
    focusOn(byId("title-after"), "start");
    this.#kept();
  }
}
