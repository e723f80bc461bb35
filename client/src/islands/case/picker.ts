/** The button that opens the phone's own picker, and the files that come of it. */

import { byId, show, type Words } from "../page.ts";
import type { Picking } from "./picking.ts";

/** Let `picking` take what is picked on this page, and say how many did not fit. */
export function pickInto(picking: Picking, words: Words): void {
  const input = byId("pick", HTMLInputElement);
  byId("pick-open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    tellLeftOut(picking.add([...(input.files ?? [])]), words);
    input.value = "";
  });
}

/** Say how many files did not fit in one sending, if any. */
export function tellLeftOut(count: number, words: Words): void {
  const told = byId("pick-too-many");
  told.textContent = words.say("too_many", { count });
  show(told, count > 0);
}
