/**
 * Ways to keep code, PIN and slip: as a note, copied, and typed back once.
 *
 * Copying and saving are hers to do; the page says what each leaves behind.
 */

import { byId, hide, showWhen, tell } from "../page.ts";
import { grouped, isTypedBack, noteOf, type Secrets } from "./secrets.ts";

/** How long a saved note's address is kept for the browser to read, in milliseconds. */
const SAVING = 10_000;

/** Listens to the buttons of `case/keeping.html`; `kept` is called once she has it. */
export class Keeping {
  readonly #secrets: () => Secrets | undefined;
  readonly #kept: () => void;

  constructor(secrets: () => Secrets | undefined, kept: () => void) {
    this.#secrets = secrets;
    this.#kept = kept;
    byId("save-note").addEventListener("click", (click) => this.#save(click));
    byId("copy-code").addEventListener("click", () => void this.#copy());
    byId("check-back").addEventListener("click", () => this.#check());
    byId("skip-back").addEventListener("click", () => this.#done());
    byId("typed-back").addEventListener("keydown", (key) => {
      if (key.key === "Enter" && !key.isComposing) this.#check();
    });
  }

  /** Hand the note to the browser's own saving; its address is good for a moment. */
  #save(click: Event): void {
    const secrets = this.#secrets();
    if (secrets === undefined) return;
    const note = new Blob([noteOf(secrets)], { type: "text/plain;charset=utf-8" });
    const link = click.currentTarget as HTMLAnchorElement;
    const address = URL.createObjectURL(note);
    link.href = address;
    setTimeout(() => URL.revokeObjectURL(address), SAVING);
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
