/** The first step: what happened, of what age, who asks; and what follows from it. */

import type { AgeBand, Authority, Kind } from "../../wire.ts";
import { byId, describe, focusOn, show, showWhen, slot } from "../page.ts";

/** What she chose in the first step, read from the page whenever it is asked for. */
export class Situation {
  /** `changed` is called when another kind is chosen. */
  constructor(changed: () => void) {
    byId("kinds").addEventListener("change", () => {
      this.#follow();
      changed();
    });
    byId("ages").addEventListener("change", () => this.#followAge());
    byId("safety-first").addEventListener("click", () => slot(safetyFirst(), "opens").focus());
    const place = byId("guardians-place", HTMLSelectElement);
    place.addEventListener("change", () => showWhen(byId("guardians-say"), place.value));
  }

  /** The kind, or nothing as long as none is chosen. */
  get kind(): Kind | undefined {
    return chosen("kind")?.value as Kind | undefined;
  }

  /** Of whom it is about; not said unless she says it. */
  get ageBand(): AgeBand {
    return (chosen("age")?.value ?? "not_said") as AgeBand;
  }

  /** Who asks; she herself unless she says otherwise. */
  get authority(): Authority {
    return (chosen("authority")?.value ?? "self") as Authority;
  }

  /** What she chose, in the words that she chose it by. */
  get label(): { kind: string; age: string } {
    return { kind: labelOf(chosen("kind")), age: labelOf(chosen("age")) };
  }

  /** Tell whether she can go on; if not, say kindly what is missing. */
  check(): boolean {
    const chosen = this.kind !== undefined;
    this.#miss(!chosen);
    if (!chosen) focusOn(byId("kind-missing"));
    return chosen;
  }

  #miss(missing: boolean): void {
    show(byId("kind-missing"), missing);
    describe(byId("kinds"), "kind-missing", missing);
  }

  /** Who may be a child reads about parents now; who is one finds it open. */
  #followAge(): void {
    const guardians = byId("guardians", HTMLDetailsElement);
    showWhen(byId("ages-follow"), this.ageBand);
    show(guardians, this.ageBand !== "adult");
    guardians.open = this.ageBand === "under_18";
  }

  #follow(): void {
    const id = chosen("kind")?.id ?? "";
    this.#miss(false);
    show(byId("then"));
    for (const part of ["follows", "pick-follows", "where-follows"]) showWhen(byId(part), id);
    show(byId("sweep-fields"), id === "kind-sweep");
    if (id === "kind-address") safetyFirst();
  }
}

/** Open what helps now, in view; the focus stays where it is. */
function safetyFirst(): HTMLElement {
  const danger = byId("danger", HTMLDetailsElement);
  danger.open = true;
  danger.scrollIntoView({ block: "start" });
  return danger;
}

function chosen(name: string): HTMLInputElement | null {
  return document.querySelector<HTMLInputElement>(`input[name="${name}"]:checked`);
}

function labelOf(input: HTMLInputElement | null): string {
  return input?.labels?.[0]?.textContent?.trim() ?? "";
}
