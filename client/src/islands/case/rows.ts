/** The list of what was picked, as she sees it: number, size and state, and never a file name. */

import { byId, focusOn, show, showWhen, slot, stamp, type Words } from "../page.ts";
import { needsKeypoints } from "./draft.ts";
import { tellLeftOut } from "./picker.ts";
import type { Picked, Picking } from "./picking.ts";

type Press = "pause" | "resume" | "retry" | "remove";

/** Keeps the list in the page equal to the picking. */
export class Rows {
  readonly #words: Words;
  readonly #picking: Picking;
  readonly #rows = new Map<Picked, HTMLElement>();
  readonly #said = new Map<Picked, string>();

  constructor(words: Words, picking: Picking) {
    this.#words = words;
    this.#picking = picking;
  }

  /** Show what has become of one file; tells whether that is more than its share. */
  update(picked: Picked): boolean {
    const gone = !this.#picking.all.includes(picked);
    if (gone) this.#drop(picked);
    else this.#fill(this.#rows.get(picked) ?? this.#add(picked), picked);
    const state = gone ? "gone" : picked.state;
    if (this.#said.get(picked) === state) return false;
    this.#said.set(picked, state);
    this.#tell(picked, state);
    return true;
  }

  /** What a file is called on the page, without its size. */
  name(picked: Picked): string {
    return this.#words.say(`${picked.kind}.short`, { number: picked.number });
  }

  #add(picked: Picked): HTMLElement {
    const row = stamp("picked-row");
    for (const press of ["pause", "resume", "retry", "remove"] as const) {
      slot(row, press).addEventListener("click", () => this.#press(press, picked));
    }
    this.#rows.set(picked, row);
    byId("picked").append(row);
    return row;
  }

  #press(press: Press, picked: Picked): void {
    if (press === "retry") tellLeftOut(this.#picking.retry(picked), this.#words);
    else this.#picking[press](picked);
    const row = this.#rows.get(picked);
    focusOn(row === undefined ? byId("pick-open") : slot(row, "name"));
  }

  #drop(picked: Picked): void {
    this.#rows.get(picked)?.remove();
    this.#rows.delete(picked);
  }

  #fill(row: HTMLElement, picked: Picked): void {
    const share = Math.floor(picked.share * 100);
    const facts = { number: picked.number, size: sizeOf(picked.size, this.#words) };
    slot(row, "name").textContent = this.#words.say(picked.kind, facts);
    showWhen(slot(row, "states"), stateOf(picked));
    const sentence = picked.state === "paused" ? "paused" : "share";
    slot(row, "share").textContent = this.#words.say(sentence, { share });
    slot(row, "bar", HTMLProgressElement).value = share;
    for (const made of ["made", "made-cut"]) slot(row, made).textContent = this.#made(picked);
    show(slot(row, "pause"), picked.kind === "video" && picked.state === "working");
    show(slot(row, "resume"), picked.state === "paused");
    show(slot(row, "retry"), picked.trouble === "canvas" || picked.trouble === "damaged");
    this.#nameButtons(row, picked);
  }

  /** A screen reader hears which file a button is for. */
  #nameButtons(row: HTMLElement, picked: Picked): void {
    for (const press of ["pause", "resume", "retry", "remove"]) {
      const button = slot(row, press);
      button.setAttribute("aria-label", `${button.textContent}: ${this.name(picked)}`);
    }
  }

  /** With nothing picked, picking is what the page suggests; afterwards it is going on. */
  #count(): void {
    const some = this.#picking.all.length > 0;
    show(byId("picked"), some);
    for (const id of ["pick-open", "pick-next"]) showWhen(byId(id), some ? "some" : "empty");
    byId("pick-open").classList.toggle("quiet", some);
    byId("pick-next").classList.toggle("quiet", !some);
  }

  #made({ made }: Picked): string {
    if (made === undefined) return "";
    return made.kind === "video"
      ? this.#words.say("made.video", { count: made.frames })
      : this.#words.say("made", { count: made.plain.length });
  }

  /** Say aloud that a file is ready, in trouble or gone; its percents are not said. */
  #tell(picked: Picked, state: string): void {
    this.#count();
    if (!["done", "trouble", "gone"].includes(state)) return;
    const facts = { name: this.name(picked) };
    byId("picked-status").textContent = this.#words.say(`status.${state}`, facts);
  }
}

/** Whether a file can be registered with keypoint signals alone. */
export function isPale({ made }: Picked): boolean {
  return made !== undefined && needsKeypoints(made) && takesKeypoints();
}

/** Whether a file gave nothing that this hub takes. */
export function isUseless({ made, state }: Picked): boolean {
  return state === "trouble" || (made !== undefined && needsKeypoints(made) && !takesKeypoints());
}

function takesKeypoints(): boolean {
  return byId("picked").dataset["keypoints"] !== undefined;
}

/** The name of what is shown of a file: its state, or its trouble. */
function stateOf(picked: Picked): string {
  if (picked.made === undefined) return picked.trouble ?? picked.state;
  if (isUseless(picked)) return "flat";
  if (isPale(picked)) return "done-keypoints";
  return picked.made.complete ? "done" : "cut";
}

function sizeOf(bytes: number, words: Words): string {
  const [unit, size] = bytes < 1e6 ? ["kB", Math.ceil(bytes / 1e3)] : ["MB", bytes / 1e6];
  return words.say(`bytes.${unit}`, { size });
}
