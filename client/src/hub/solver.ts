/** The page's side of the proof of work: one Worker, ended when nobody waits for it any more. */

import type { Challenge, Proof } from "../wire.ts";

/** Solves a challenge somewhere the page is not held up; `stop` gives up. */
export type Solver = (challenge: Challenge, stop?: AbortSignal) => Promise<Proof>;

/** This browser can't make the proof of work: it has no Workers, or could not load ours. */
export class NoProof extends Error {
  override readonly name = "NoProof";
}

/**
 * Return a solver that keeps one Worker, made at its first use.
 *
 * @param url - where the Worker's script is, as `workerUrl` of `islands/trusted.ts` gives it.
 */
export function workerSolver(url: string): Solver {
  let worker: Worker | undefined;
  const end = () => {
    worker?.terminate();
    worker = undefined;
  };
  return async (challenge, stop) => {
    stop?.throwIfAborted();
    worker ??= make(url);
    stop?.addEventListener("abort", end, { once: true });
    try {
      return await answerOf(worker, challenge, stop);
    } catch (failure) {
      end();
      throw failure;
    } finally {
      stop?.removeEventListener("abort", end);
    }
  };
}

function make(url: string): Worker {
  try {
    return new Worker(url, { type: "module" });
  } catch {
    throw new NoProof("no Worker can be made here");
  }
}

function answerOf(worker: Worker, challenge: Challenge, stop?: AbortSignal): Promise<Proof> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Proof>) => resolve(data);
    worker.onerror = () => reject(new NoProof("the Worker failed"));
    stop?.addEventListener("abort", () => reject(stop.reason as Error), { once: true });
    worker.postMessage(challenge);
  });
}
