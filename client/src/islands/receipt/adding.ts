/** Photos and videos for a case that is open: picked, made into signals here, and added. */

import { SignalMaker } from "../../signals/client.ts";
import type { ItemDocument } from "../../wire.ts";
import { items, needsKeypoints } from "../case/draft.ts";
import { pickInto } from "../case/picker.ts";
import { type Picked, Picking } from "../case/picking.ts";
import { Rows } from "../case/rows.ts";
import { byId, hide, pageWords, show } from "../page.ts";
import { workerUrl } from "../trusted.ts";

/** The part of the page that adds photos and videos. */
export class Adding {
  readonly element = byId("adding");
  readonly #button = byId("pick-next");
  readonly #picking: Picking;
  readonly #rows: Rows;

  /** `add` is called when she wants to add what was picked, `working` at every sign of progress. */
  constructor(add: () => void, working: () => void) {
    const maker = new SignalMaker(workerUrl("/assets/signals.js"));
    this.#picking = new Picking(maker, (picked) => {
      working();
      this.#changed(picked);
    });
    const words = pageWords();
    this.#rows = new Rows(words, this.#picking);
    pickInto(this.#picking, words);
    this.#button.addEventListener("click", add);
  }

  /** What was picked, as the hub takes it; none while signals are still being made. */
  documents(keypoints: boolean): ItemDocument[] {
    return this.#picking.busy ? [] : items(this.#picking.made, keypoints);
  }

  /** Whether one of those picked has keypoint signals alone. */
  get someNeedKeypoints(): boolean {
    return this.#picking.made.some(needsKeypoints);
  }

  /** Put the part where the receipt has a place for it, or away where it has none. */
  placeIn(receipt: HTMLElement): void {
    const place = receipt.querySelector("#adding-place");
    (place ?? document.body).append(this.element);
    show(this.element, place !== null);
  }

  /** Let everything go that was picked. */
  clear(): void {
    for (const picked of this.#picking.all) this.#picking.remove(picked);
    hide(this.#button);
  }

  #changed(picked: Picked): void {
    this.#rows.update(picked);
    show(this.#button, !this.#picking.busy && this.#picking.made.length > 0);
  }
}
