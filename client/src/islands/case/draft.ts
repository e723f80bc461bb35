/**
 * What she has said so far, and the one document that comes of it.
 *
 * The document is put together here and nowhere else, so that what the review shows is what is
 * sent. Nothing of a file but its signals can get in.
 */

import type { MadeSignals } from "../../signals/model.ts";
import type {
  AgeBand,
  Authority,
  Choices,
  ItemDocument,
  Kind,
  Language,
  RegistrationDocument,
} from "../../wire.ts";

/** All that a registration is made of. */
export interface Draft {
  readonly kind: Kind;
  readonly ageBand: AgeBand;
  readonly authority: Authority;
  readonly language: Language;
  readonly made: readonly MadeSignals[];
  readonly locators: readonly string[];
  readonly text: string;
  readonly choices: Choices;
  /** Drawn once for this page, so that sending again never opens a second case. */
  readonly attempt: string;
}

/** A registration as it is shown and sent; the proof comes with each try. */
export type Registration = Omit<RegistrationDocument, "proof">;

/** The most bytes of a registration, with room for the proof. */
export const MOST_BYTES = 2 * 1024 * 1024 - 1024;

/** Put the document together. */
export function registration(draft: Draft): Registration {
  return {
    version: 1,
    kind: draft.kind,
    age_band: draft.ageBand,
    language: draft.language,
    authority: draft.authority,
    items: items(draft.made, draft.choices.keypoints),
    locators: [...draft.locators],
    text: written(draft.text),
    choices: draft.choices,
    attempt: draft.attempt,
  };
}

/** Whether a picture can be registered only with keypoint signals. */
export function needsKeypoints(made: MadeSignals): boolean {
  return made.plain.length === 0;
}

/** Describe each picture and video once: the same one picked twice is one item. */
export function items(made: readonly MadeSignals[], keypoints: boolean): ItemDocument[] {
  const found = new Map<string, ItemDocument>();
  for (const each of made) {
    const signals = [...(keypoints ? each.withKeypoints : each.plain)];
    if (signals.length > 0) found.set(JSON.stringify(signals), { signals, locators: [], note: "" });
  }
  return [...found.values()];
}

/** How many bytes a document takes on its way. */
export function bytesOf(document: Registration): number {
  return new TextEncoder().encode(JSON.stringify(document)).length;
}

/** Draw the mark of one opening: 32 hexadecimal digits that nobody can guess. */
export function newAttempt(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Text as the hub takes it: composed, without the control characters that no keyboard writes. */
function written(text: string): string {
  const plain = text.normalize("NFC").replace(/[^\P{Cc}\n\t]|\p{Cs}/gu, "");
  return [...plain.trim()].slice(0, 4000).join("");
}
