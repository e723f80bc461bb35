/** Asking again where that may help: how often, after how long, and what is never asked twice. */

import { HubRefusal, NoNetwork, type Web } from "./exchange.ts";

/** How often a busy hub is asked again, and one that did not answer at all. */
const BUSY = 5;
const SILENT = 2;

/** Seconds to wait where no hub answered, and the most of what a busy one may ask for. */
const PAUSE = 1;
const LONGEST = 20;

/** How one call is repeated. */
export interface Patience {
  /** The network and the time it waits in. */
  readonly web: Pick<Web, "wait" | "random">;
  /** Whether what may have been heard is sent again. */
  readonly twice: boolean;
  /** Gives up when it is aborted. */
  readonly stop?: AbortSignal | undefined;
}

/** What is left to try of one call. */
interface Tries {
  busy: number;
  stale: number;
  silent: number;
  readonly twice: boolean;
}

/** Ask, and ask again as long as that may help; then throw what the last try threw. */
export async function patiently<Answer>(
  ask: () => Promise<Answer>,
  { web, twice, stop }: Patience,
): Promise<Answer> {
  const tries: Tries = { busy: BUSY, stale: 1, silent: SILENT, twice };
  for (;;) {
    try {
      return await ask();
    } catch (failure) {
      const pause = secondsUntilNext(failure, tries);
      if (pause === undefined) throw failure;
      await web.wait(pause * (1 + web.random()), stop);
    }
  }
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
