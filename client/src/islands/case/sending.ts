/**
 * Sending the one document, once: a double tap is one sending, and whatever was on its way when
 * the network went is sent again as it was, with the same attempt, so that no second case opens.
 */

import { browserWeb, HubRefusal, NoNetwork, type Web } from "../../hub/exchange.ts";
import { Hub } from "../../hub/hub.ts";
import { NoProof, type Solver } from "../../hub/solver.ts";
import type { Opened } from "../../wire.ts";
import type { Registration } from "./draft.ts";

/** What is said beside the button. */
export type Outcome = "sending" | "offline" | "busy" | "proof" | "end-date" | "refused";

/** Sends a registration and remembers what may have arrived already. */
export class Sending {
  readonly #hub: Hub;
  readonly #said: (outcome: Outcome) => void;
  #underway = false;
  #silent = false;
  #lost: Registration | undefined;

  constructor(solve: Solver, said: (outcome: Outcome) => void, web: Web = browserWeb) {
    this.#hub = new Hub(solve, { ...web, fetch: this.#watched(web) });
    this.#said = said;
  }

  /** What was sent without an answer, and so can't be changed any more. */
  get lost(): Registration | undefined {
    return this.#lost;
  }

  /** Whether a sending is on its way now. */
  get underway(): boolean {
    return this.#underway;
  }

  /** Send; nothing comes back when it did not succeed, or is under way already. */
  async send(document: Registration): Promise<Opened | undefined> {
    if (this.#underway) return undefined;
    this.#underway = true;
    this.#said("sending");
    const sent = this.#lost ?? document;
    try {
      return await this.#hub.open(sent);
    } catch (failure) {
      if (failure instanceof NoNetwork && failure.sent) this.#silent = true;
      if (this.#silent) this.#lost = sent;
      this.#said(outcomeOf(failure));
      return undefined;
    } finally {
      this.#underway = false;
    }
  }

  /** The network, with an eye on documents that went out and had no answer, whatever came later. */
  #watched(web: Web): Web["fetch"] {
    return async (place, init) => {
      try {
        return await web.fetch(place, init);
      } catch (failure) {
        if (init.method === "POST") this.#silent = true;
        throw failure;
      }
    };
  }
}

function outcomeOf(failure: unknown): Outcome {
  if (failure instanceof NoNetwork) return "offline";
  if (failure instanceof NoProof) return "proof";
  if (!(failure instanceof HubRefusal)) return "refused";
  if (failure.status === 503 || failure.status === 429) return "busy";
  return failure.message.includes("end_date") ? "end-date" : "refused";
}
