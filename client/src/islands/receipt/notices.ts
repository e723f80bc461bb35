/** The few sentences that only the script shows; the page brings them, one is seen at a time. */

import { byId, hide, show } from "../page.ts";

/** Names of the notices, which are their ids. */
export type Notice =
  | "working"
  | "no-network"
  | "lost-answer"
  | "no-proof"
  | "forgotten"
  | "added"
  | "not-added"
  | "keypoints-only";

/** Shows one notice at the place where it is looked for. */
export class Notices {
  readonly #all = byId("notices");

  /** Show one, at the end of `place`. */
  say(notice: Notice, place: HTMLElement): void {
    this.clear();
    place.append(this.#all);
    show(byId(notice));
  }

  /** Show none. */
  clear(): void {
    for (const one of this.#all.children) hide(one as HTMLElement);
  }
}
