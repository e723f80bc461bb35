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
  Choices,
  ItemDocument,
  Opened,
  Proof,
  Receipt,
  RegistrationDocument,
} from "../wire.ts";
import { browserWeb, exchange, HubRefusal, NoNetwork, type Web } from "./exchange.ts";
import type { Solver } from "./solver.ts";

export { HubRefusal, NoNetwork, type Web } from "./exchange.ts";

/** How often a busy hub is asked again, and one that did not answer at all. */
const BUSY = 5;
const SILENT = 2;

/** Seconds to wait where no hub answered, and the most of what a busy one may ask for. */
const PAUSE = 1;
const LONGEST = 20;

/** What is left to try of one call. */
interface Tries {
  busy: number;
  stale: number;
  silent: number;
  /** Whether what may have been heard is sent again. */
  readonly twice: boolean;
}

/** Makes the document that is sent, around the proof of this very try. */
type Around = (proof: Proof) => object;

/**
 * One hub, the one that served the page.
 *
 * Every method may throw {@link HubRefusal}, {@link NoNetwork}, `NoProof`, or what `stop` was
 * aborted with. After {@link NoNetwork} opening and recovering may be sent again with the same
 * `attempt` and happen once; for the rest, if something was `sent`, the receipt tells whether.
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
    return this.#patiently(() => this.#challenge(stop), true, stop);
  }

  /** Open a case. The same `attempt` again opens no second case. */
  open(document: Omit<RegistrationDocument, "proof">, stop?: AbortSignal): Promise<Opened> {
    return this.#again("/v1/cases", (proof) => ({ ...document, proof }), stop);
  }

  /** Exchange the recovery slip for a new code, PIN and slip; good for the same `attempt` again. */
  recover(slip: string, attempt: string, stop?: AbortSignal): Promise<Opened> {
    return this.#again("/v1/cases/recovery", (proof) => ({ slip, attempt, proof }), stop);
  }

  /** Read the receipt. */
  receipt(access: Access, stop?: AbortSignal): Promise<Receipt> {
    return this.#again("/v1/cases/receipt", around(access), stop);
  }

  /** Add items to the case. */
  addItems(access: Access, items: ItemDocument[], stop?: AbortSignal): Promise<Receipt> {
    return this.#once("/v1/cases/items", around(access, { items }), stop);
  }

  /** Replace her choices, all of them. */
  choose(access: Access, choices: Choices, stop?: AbortSignal): Promise<Receipt> {
    return this.#once("/v1/cases/choices", around(access, { choices }), stop);
  }

  /** Withdraw one item, or the whole case. */
  withdraw(access: Access, itemId?: string, stop?: AbortSignal): Promise<Receipt> {
    return this.#once("/v1/cases/withdrawal", around(access, named(itemId)), stop);
  }

  /** Undo the withdrawal of one item, or of the whole case. */
  undo(access: Access, itemId?: string, stop?: AbortSignal): Promise<Receipt> {
    return this.#once("/v1/cases/withdrawal/undo", around(access, named(itemId)), stop);
  }

  /** Let items count again that a restore of the hub suspended. */
  resume(access: Access, stop?: AbortSignal): Promise<Receipt> {
    return this.#once("/v1/cases/resumption", around(access), stop);
  }

  /** Send what bears being sent twice, even if no answer came. */
  #again<Answer>(place: string, document: Around, stop?: AbortSignal): Promise<Answer> {
    return this.#patiently(() => this.#prove(place, document, stop), true, stop);
  }

  /** Send what may have been done already when no answer came. */
  #once<Answer>(place: string, document: Around, stop?: AbortSignal): Promise<Answer> {
    return this.#patiently(() => this.#prove(place, document, stop), false, stop);
  }

  async #prove<Answer>(place: string, document: Around, stop?: AbortSignal): Promise<Answer> {
    const proof = await this.#solve(await this.#challenge(stop), stop);
    return (await exchange(this.#web, place, document(proof), stop)) as Answer;
  }

  async #challenge(stop?: AbortSignal): Promise<Challenge> {
    return (await exchange(this.#web, "/v1/challenge", undefined, stop)) as Challenge;
  }

  async #patiently<Answer>(ask: () => Promise<Answer>, twice: boolean, stop?: AbortSignal) {
    const tries: Tries = { busy: BUSY, stale: 1, silent: SILENT, twice };
    for (;;) {
      try {
        return await ask();
      } catch (failure) {
        const pause = secondsUntilNext(failure, tries);
        if (pause === undefined) throw failure;
        await this.#web.wait(pause * (1 + this.#web.random()), stop);
      }
    }
  }
}

function around(access: Access, rest: object = {}): Around {
  return (proof) => ({ access: { ...access, proof }, ...rest });
}

function named(itemId?: string): object {
  return itemId === undefined ? {} : { item_id: itemId };
}

/** Return how long to wait before the next try, or nothing where another would be no use. */
function secondsUntilNext(failure: unknown, tries: Tries): number | undefined {
  if (failure instanceof NoNetwork) {
    return (tries.twice || !failure.sent) && tries.silent-- > 0 ? PAUSE : undefined;
  }
  if (!(failure instanceof HubRefusal)) return undefined;
  if (failure.type === "bad-proof-of-work") return tries.stale-- > 0 ? 0 : undefined;
  if (failure.status !== 503) return undefined;
  return tries.busy-- > 0 ? Math.min(failure.retryAfter, LONGEST) : undefined;
}
