/**
 * Ways to keep code, PIN and slip: as notes, copied, and typed back once.
 *
 * Copying and saving are hers to do; the page says what each leaves behind.
 */

import { byId, hide, showWhen, tell } from "../page.ts";
import { grouped, isTypedBack, noteOf, type Secrets, slipNoteOf } from "./secrets.ts";

/** How long a saved note's address is kept for the browser to read, in milliseconds. */
const SAVING = 10_000;

/** Listens to the buttons of `case/keeping.html`; `kept` is called once she has it. */
export class Keeping {
  readonly #secrets: () => Secrets | undefined;
  readonly #kept: () => void;

  constructor(secrets: () => Secrets | undefined, kept: () => void) {
    this.#secrets = secrets;
    this.#kept = kept;
    this.#saves(byId("save-note", HTMLAnchorElement), noteOf);
    this.#saves(byId("save-slip", HTMLAnchorElement), slipNoteOf);
    byId("copy-code").addEventListener("click", () => void this.#copy());
    byId("check-back").addEventListener("click", () => this.#check());
    byId("skip-back").addEventListener("click", () => this.#done());
    byId("typed-back").addEventListener("keydown", (key) => {
      if (key.key === "Enter" && !key.isComposing) this.#check();
    });
  }

  /** Hand a note to the browser's own saving; its address is good for a moment. */
  #saves(link: HTMLAnchorElement, textOf: (secrets: Secrets) => string): void {
    link.addEventListener("click", () => {
      const secrets = this.#secrets();
      if (secrets === undefined) return;
      const note = new Blob([textOf(secrets)], { type: "text/plain;charset=utf-8" });
      const address = URL.createObjectURL(note);
      link.href = address;
      setTimeout(() => URL.revokeObjectURL(address), SAVING);
    });
  }

  async #copy(): Promise<void> {
    const secrets = this.#secrets();
    if (secrets === undefined) return;
    try {
      await navigator.clipboard.writeText(`${grouped(secrets.code)}\n${secrets.pin}`);
      showWhen(byId("copied"), "copied");
    } catch {
      getSelection()?.selectAllChildren(byId("code"));
      showWhen(byId("copied"), "selected");
    }
  }

  #check(): void {
    const field = byId("typed-back", HTMLInputElement);
    const secrets = this.#secrets();
    const right = secrets !== undefined && isTypedBack(field.value, secrets);
    tell(field, byId("typed-back-wrong"), !right);
    if (right) this.#done();
  }

  #done(): void {
    for (const id of ["check-back", "skip-back"]) hide(byId(id));
    this.#kept();
  }
}
