/** Keypoint signals as they cross the wire: the twin of `to_text` in `hashing/signal_types.py`. */

import type { KeypointDocument, View } from "../../wire.ts";

/** Writes bytes in the alphabet of base64url, without padding. */
export function base64url(bytes: Uint8Array): string {
  const letters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The signal of an item; `view` names the part of the picture that was described. */
export function keypointDocument(packed: Uint8Array, view: View): KeypointDocument {
  return { type: "kp1", value: base64url(packed), view };
}
