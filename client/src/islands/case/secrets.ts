/** Code, PIN and slip as text: in groups, as a note, and typed back. */

import type { Opened } from "../../wire.ts";

/** What opens a case. */
export type Secrets = Omit<Opened, "case_id">;

/** Letters that are read as digits, here as at the hub (`cases/codes.py`). */
const MISREAD: Readonly<Record<string, string>> = { o: "0", i: "1", l: "1" };

/** How many of the last characters of the code are enough to show that she has it. */
const ENOUGH = 4;

/** Put a hyphen after every five characters, for copying by hand. */
export function grouped(code: string): string {
  return code.match(/.{1,5}/gu)?.join("-") ?? "";
}

/**
 * A note that says nothing of what it is: six words and a row of numbers.
 *
 * The slip is not in it. Whoever finds the note can read the case; with the slip beside it he could
 * also take new secrets for himself, and hers would stop.
 */
export function noteOf(opened: Secrets): string {
  return `${opened.words.join(" ")}\n${opened.pin}\n`;
}

/** A note with the slip alone, to be kept in another place. */
export function slipNoteOf(opened: Secrets): string {
  return `${opened.slip}\n`;
}

/** Whether she typed the PIN, the code, its end, or the words; spaces and capitals don't matter. */
export function isTypedBack(typed: string, opened: Secrets): boolean {
  const plain = bare(typed);
  const words = bare(opened.words.join(""));
  if (plain === opened.pin || plain === words) return true;
  const code = Array.from(plain, (letter) => MISREAD[letter] ?? letter).join("");
  return code.length >= ENOUGH && opened.code.endsWith(code);
}

function bare(typed: string): string {
  return typed.normalize("NFKC").toLowerCase().replace(/[\s-]/gu, "");
}
