/**
 * The journey in one document: what happened, the pictures, where, her choices, a last look, and
 * then code and PIN. Everything is kept in this page's memory until she sends it, and nothing of
 * a picture but its signals can be sent.
 */

import { workerSolver } from "../hub/solver.ts";
import { SignalMaker } from "../signals/client.ts";
import type { Language } from "../wire.ts";
import { ChoiceStep } from "./case/choices.ts";
import { newAttempt, type Registration, registration } from "./case/draft.ts";
import { guard } from "./case/guard.ts";
import { Handover } from "./case/handover.ts";
import { tellNetwork } from "./case/network.ts";
import { pickInto } from "./case/picker.ts";
import { type Picked, Picking } from "./case/picking.ts";
import { Review } from "./case/review.ts";
import { isPale, isUseless, Rows } from "./case/rows.ts";
import { Sending } from "./case/sending.ts";
import { Situation } from "./case/situation.ts";
import { type Step, Steps } from "./case/steps.ts";
import { Where } from "./case/where.ts";
import { byId, hide, pageWords, show } from "./page.ts";
import { workerUrl } from "./trusted.ts";

/** The whole page; made once, when its script has come. */
class Journey {
  readonly #words = pageWords();
  readonly #attempt = newAttempt();
  readonly #maker = new SignalMaker(workerUrl("/assets/signals.js"));
  readonly #picking: Picking = new Picking(this.#maker, (picked) => this.#picked(picked));
  readonly #rows = new Rows(this.#words, this.#picking);
  readonly #steps = new Steps(this.#words);
  readonly #situation: Situation = new Situation(() => this.#chosen());
  readonly #where = new Where(this.#words);
  readonly #choices = new ChoiceStep();
  readonly #review = new Review(this.#words);
  readonly #sending: Sending = new Sending(workerSolver(workerUrl("/assets/proof.js")), (outcome) =>
    this.#review.say(outcome, this.#sending.lost !== undefined),
  );
  readonly #handover = new Handover(() => (this.#keeping = false));
  #sent = false;
  /** Whether leaving now would lose a code that she has not kept yet. */
  #keeping = false;

  /** Take the place of the plain text, and listen. */
  begin(): void {
    this.#listen();
    guard(() => this.#wouldLose());
    tellNetwork(this.#maker.ready);
    hide(byId("plain"));
    show(byId("journey"));
    this.#steps.begin();
  }

  #listen(): void {
    pickInto(this.#picking, this.#words);
    this.#link("situation", () => this.#situation.check());
    this.#link("pick");
    this.#link("where", () => this.#where.check());
    this.#link("choices", () => this.#choices.check());
    on("review-back", () => this.#back());
    on("send", () => void this.#send());
  }

  /** Ties the two buttons of a step to the steps around it. */
  #link(step: Step, isRight: () => boolean = () => true): void {
    on(`${step}-next`, () => isRight() && this.#next());
    if (step !== "situation") on(`${step}-back`, () => this.#back());
  }

  #next(): void {
    this.#refresh();
    this.#steps.next();
  }

  #back(): void {
    this.#refresh();
    this.#steps.back();
  }

  #chosen(): void {
    this.#steps.withPictures(this.#situation.kind !== "sweep" || this.#picking.all.length > 0);
  }

  #picked(picked: Picked): void {
    const changed = this.#rows.update(picked);
    this.#chosen();
    if (changed) this.#refresh();
    else if (picked.state === "working") this.#review.wait(this.#picking.share);
  }

  /** Bring choices and review up to date with everything before them. */
  #refresh(): void {
    if (this.#sending.underway || this.#sending.lost !== undefined) return;
    const only = this.#names(isPale);
    const some = this.#picking.all.length > 0;
    this.#choices.show(some, only === "" ? "" : this.#words.say("keypoints.only", { names: only }));
    this.#review.show({
      document: this.#registration(),
      situation: this.#situation.label,
      choices: this.#choices.labels,
      sweep: this.#where.sweep,
      own: this.#where.own,
      leftOut: this.#choices.value.keypoints ? "" : only,
      failed: this.#names(isUseless),
      share: this.#picking.busy ? this.#picking.share : 1,
    });
  }

  #names(which: (picked: Picked) => boolean): string {
    return this.#picking.all.filter(which).map((picked) => this.#rows.name(picked)).join(", ");
  }

  #registration(): Registration {
    return registration({
      kind: this.#situation.kind ?? "shared",
      ageBand: this.#situation.ageBand,
      authority: this.#situation.authority,
      language: byId("journey").dataset["language"] as Language,
      made: this.#picking.made,
      locators: this.#where.locators,
      text: this.#where.text,
      choices: this.#choices.value,
      attempt: this.#attempt,
    });
  }

  async #send(): Promise<void> {
    if (byId("send").getAttribute("aria-disabled") === "true") return;
    const document = this.#sending.lost ?? this.#registration();
    const opened = await this.#sending.send(document);
    if (opened === undefined) return;
    this.#keeping = true;
    this.#sent = true;
    this.#review.forget();
    this.#handover.show(opened, document);
    this.#steps.go("code");
  }

  #wouldLose(): boolean {
    return this.#sent ? this.#keeping : this.#picking.all.length > 0 || this.#where.written;
  }
}

function on(id: string, press: () => unknown): void {
  byId(id).addEventListener("click", press);
}

try {
  new Journey().begin();
} catch (failure) {
  show(byId("cannot-begin"));
  throw failure;
}
