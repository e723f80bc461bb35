/**
 * The hub as a page sees it: documents out, documents back.
 *
 * Every call brings a proof of work of its own. A busy hub is asked again a bounded number of
 * times, and a proof that grew stale on the way is made anew, once. Nothing is kept and nothing
 * is logged: code and PIN are the caller's, in memory only (decision 0035).
 */

import type {
  Access,
  Challenge,
  ItemDocument,
  Opened,
  Proof,
  Receipt,
  RegistrationDocument,
} from "../wire.ts";
import { browserWeb, exchange, type Web } from "./exchange.ts";
import { patiently } from "./patience.ts";
import type { Solver } from "./solver.ts";

export { HubRefusal, NoNetwork, type Web } from "./exchange.ts";

/** Makes the document that is sent, around the proof of this very try. */
type Around = (proof: Proof) => object;

/**
 * One hub, the one that served the page.
 *
 * Every method may throw {@link HubRefusal}, {@link NoNetwork}, `NoProof`, or what `stop` was
 * aborted with. After {@link NoNetwork} opening may be sent again with the same `attempt` and
 * happens once; for the rest, if something was `sent`, the receipt tells whether.
 */
export class Hub {
  readonly #solve: Solver;
  readonly #web: Web;

  constructor(solve: Solver, web: Web = browserWeb) {
    this.#solve = solve;
    this.#web = web;
  }

  /** Ask for a challenge; it tells as well whether this hub takes keypoint signals. */
  challenge(stop?: AbortSignal): Promise<Challenge> {
    return patiently(() => this.#challenge(stop), { web: this.#web, twice: true, stop });
  }

  /** Ask for a challenge and solve it; the proof is good for one call. */
  async proof(stop?: AbortSignal): Promise<Proof> {
    return this.#solve(await this.#challenge(stop), stop);
  }

  /** Open a case. The same `attempt` again opens no second case. */
  open(document: Omit<RegistrationDocument, "proof">, stop?: AbortSignal): Promise<Opened> {
    return this.#send("/v1/cases", (proof) => ({ ...document, proof }), true, stop);
  }

  /** Add items to the case; not sent twice, because that would be two of each. */
  addItems(access: Access, items: ItemDocument[], stop?: AbortSignal): Promise<Receipt> {
    const around: Around = (proof) => ({ access: { ...access, proof }, items });
    return this.#send("/v1/cases/items", around, false, stop);
  }

  #send<Answer>(place: string, document: Around, twice: boolean, stop?: AbortSignal) {
    const once = async (): Promise<Answer> => {
      const body = document(await this.proof(stop));
      return (await exchange(this.#web, place, body, stop)) as Answer;
    };
    return patiently(once, { web: this.#web, twice, stop });
  }

  async #challenge(stop?: AbortSignal): Promise<Challenge> {
    return (await exchange(this.#web, "/v1/challenge", undefined, stop)) as Challenge;
  }
}
