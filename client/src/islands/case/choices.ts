/** The step of her choices; every default is the careful one. */

import type { Choices } from "../../wire.ts";
import { byId, hide, show, tell } from "../page.ts";

const NAMES = ["keypoints", "partners", "lock"] as const;

/** Her choices, read from the page. */
export class ChoiceStep {
  readonly #day = byId("end-date", HTMLInputElement);

  constructor() {
    this.#day.addEventListener("input", () => this.#mend());
  }

  /** What she chose, as the document has it. */
  get value(): Choices {
    const [keypoints, partners, lock] = NAMES.map(isOn) as [boolean, boolean, boolean];
    const endDate = this.#day.value;
    return { partners, keypoints, lock, ...(endDate === "" ? {} : { end_date: endDate }) };
  }

  /** What she switched on, in the words beside it. */
  get labels(): string[] {
    return NAMES.filter(isOn).map(labelOf);
  }

  /** Whether this hub takes keypoint signals. */
  get offersKeypoints(): boolean {
    return box("keypoints") !== undefined;
  }

  /** Choices about signals are shown only where there are some; `only` needs keypoints. */
  show(pictures: boolean, only: string): void {
    for (const part of document.querySelectorAll<HTMLElement>(".of-pictures")) show(part, pictures);
    if (!this.offersKeypoints) return;
    byId("keypoints-only").textContent = only;
    show(byId("keypoints-only"), only !== "");
  }

  #mend(): void {
    hide(byId("end-date-wrong"));
    this.#day.removeAttribute("aria-invalid");
  }

  /** Tell whether she can go on; if not, say what is wrong with the day. */
  check(): boolean {
    const wrong = !this.#day.validity.valid;
    tell(this.#day, byId("end-date-wrong"), wrong);
    return !wrong;
  }
}

function box(name: string): HTMLInputElement | undefined {
  const found = document.getElementById(`choice-${name}`);
  return found instanceof HTMLInputElement ? found : undefined;
}

function isOn(name: string): boolean {
  return box(name)?.checked ?? false;
}

function labelOf(name: string): string {
  const label = box(name)?.labels?.[0]?.querySelector("span")?.firstChild?.textContent;
  return label?.trim() ?? "";
}
