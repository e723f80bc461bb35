/** The smallest registration, and what the hub asks before it: what tests send. */

import type { Registration } from "../src/islands/case/draft.ts";

/** A challenge that costs nothing. */
export const CHALLENGE = { challenge: "c", bits: 0, keypoints: true };

/** A threat, with nothing else in it. */
export const DOCUMENT: Registration = {
  version: 1,
  kind: "threatened",
  age_band: "not_said",
  language: "en",
  authority: "self",
  items: [],
  locators: [],
  text: "",
  choices: { partners: false, keypoints: false, lock: false },
  attempt: "0".repeat(32),
};
