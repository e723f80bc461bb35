/** Code, PIN and slip: shown once, in this page's memory and nowhere else. */

import type { Opened } from "../../wire.ts";
import { byId, focusOn, show, showWhen } from "../page.ts";
import type { Registration } from "./draft.ts";
import { Keeping } from "./keeping.ts";
import { grouped } from "./secrets.ts";

/** Which of the page's words on what comes next are true: only adults' signals go everywhere. */
function comesNext({ items, age_band }: Registration): string {
  if (items.length === 0) return "none";
  return age_band === "adult" ? "signals" : "some-signals";
}

/** Shows what opens the case; `kept` is called once she has it. */
export class Handover {
  readonly #kept: () => void;
  #opened: Opened | undefined;

  constructor(kept: () => void) {
    this.#kept = kept;
    new Keeping(
      () => this.#opened,
      () => this.#after(),
    );
  }

  /** Write everything into the page; what comes next depends on what was `sent`. */
  show(opened: Opened, sent: Registration): void {
    this.#opened = opened;
    showWhen(byId("after-signals"), comesNext(sent));
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

  #after(): void {
    show(byId("after"));
    focusOn(byId("title-after"), "start");
    this.#kept();
  }
}
