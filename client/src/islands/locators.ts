/**
 * Locators as people type or paste them: found in the text, written as the hub writes them, and
 * checked for their form. Nothing is fetched or resolved, here or there.
 *
 * What is taken is, character for character, what `src/takeback/cases/intake.py` makes of it
 * (`vectors/locators.json` holds both to it). More is refused here than there: what would show a
 * password, run in a browser, or lie in somebody's own network.
 */

/** Why something typed is no locator; the page has a sentence for each. */
export type Refusal =
  | "credentials" /** it holds a user name and password */
  | "script" /** a browser would run or open it from the device: `javascript:`, `data:`, `file:` */
  | "private" /** an address inside somebody's own network */
  | "incomplete" /** begins like a web address and is none */
  | "controls" /** characters that no keyboard writes */
  | "too_long"
  | "too_many";

/** What was found in a text, in its order, each locator once. */
export interface Found {
  readonly taken: readonly string[];
  readonly refused: readonly { readonly typed: string; readonly reason: Refusal }[];
}

/** As many as a hub takes of one case. */
export const MOST_LOCATORS = 50;
const LONGEST = 2000;

/** White space as Python understands it; JavaScript's own differs by three characters. */
const SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const EDGES = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "gu");
const HIDDEN = /[\p{Cc}\p{Cs}]/u;
const SCHEME = /^https?:\/\//iu;
const HEAD = /^[^:]+:\/\/[^/?#]*/u;
const WEB = new RegExp(`^https?://[^${SPACE}/?#@]+(?:[/?#][^${SPACE}]*)?$`, "u");

const WEB_INSIDE = /https?:\/\/[^\s<>"“”‘’「」『』]+/giu;
const PUNCTUATION_AFTER = /[.,;:!?)\]}…。、，]+$/u;
const ADDRESS_LIKE = /^(?:@[\w.]+|(?:[\w-]+\.)+[a-z]{2,}(?:\/\S*)?)$/iu;
const PASSWORD = /^(?:[a-z][a-z0-9+.-]*:\/\/)?[^\s/?#@]*:[^\s/?#@]*@[\w-]+(?:\.[\w-]+)+/iu;
const USER = /^https?:\/\/[^\s/?#]*@/iu;
const RUNS = /^(?:javascript|vbscript|data|file|blob|about|chrome|view-source|intent):/iu;
const HOST_LIKE = /^(?:localhost|(?:\d{1,3}\.){3}\d{1,3})(?::\d+)?(?:[/?#]|$)/iu;
const HOME = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|home\.arpa)$/u;

/** Find every locator in a text: one on each line, or several addresses among other words. */
export function findLocators(text: string): Found {
  const taken = new Set<string>();
  const refused = new Map<string, Refusal>();
  for (const typed of text.split(/\r\n?|\n/u).flatMap(pieces)) {
    const locator = normalised(typed);
    const reason = taken.size < MOST_LOCATORS || taken.has(locator) ? refusal(locator) : "too_many";
    if (reason === undefined) taken.add(locator);
    else refused.set(typed, reason);
  }
  return { taken: [...taken], refused: [...refused].map(([typed, reason]) => ({ typed, reason })) };
}

/** Write a locator as the hub does: composed, no space around it, its host in small letters. */
export function normalised(typed: string): string {
  const locator = stripped(typed.normalize("NFC"));
  if (!SCHEME.test(locator)) return locator;
  const head = HEAD.exec(locator)?.[0] ?? "";
  return head.toLowerCase() + locator.slice(head.length);
}

/** Say why a normalised locator is refused; nothing if it is taken. */
export function refusal(locator: string): Refusal | undefined {
  if ([...locator].length > LONGEST) return "too_long";
  if (locator === "" || HIDDEN.test(locator)) return "controls";
  if (USER.test(locator) || PASSWORD.test(locator)) return "credentials";
  if (RUNS.test(locator)) return "script";
  if (SCHEME.test(locator) && !WEB.test(locator)) return "incomplete";
  return isPrivate(locator) ? "private" : undefined;
}

function stripped(text: string): string {
  return text.replace(EDGES, "");
}

/** One line as separate locators: its web addresses, a row of bare ones, or all of it as it is. */
function pieces(line: string): string[] {
  const addresses = line.match(WEB_INSIDE);
  if (addresses !== null && !RUNS.test(stripped(line)) && !USER.test(stripped(line))) {
    return addresses.map((each) => each.replace(PUNCTUATION_AFTER, ""));
  }
  const whole = stripped(line);
  const parts = whole.split(/[\s,;]+/u).filter((part) => part !== "");
  if (parts.length > 1 && parts.every((part) => ADDRESS_LIKE.test(part))) return parts;
  return whole === "" ? [] : [line];
}

function isPrivate(locator: string): boolean {
  const host = hostOf(locator);
  if (host === "") return false;
  if (host.startsWith("[")) return isPrivateV6(host.slice(1, -1));
  if (/^[\d.]+$/u.test(host)) return isPrivateV4(host.split(".").map(Number));
  return !host.includes(".") || HOME.test(host);
}

/** The host as a browser would read it (`0x7f.1` is 127.0.0.1), or nothing where there is none. */
function hostOf(locator: string): string {
  if (!SCHEME.test(locator) && !HOST_LIKE.test(locator)) return "";
  try {
    const address = SCHEME.test(locator) ? locator : `http://${locator}`;
    return new URL(address).hostname.replace(/\.$/u, "");
  } catch {
    return "";
  }
}

/** Addresses that RFC 6890 keeps for networks of their own, and those that name no single host. */
function isPrivateV4([a = 0, b = 0]: readonly number[]): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true;
  if (a === 100) return b >= 64 && b < 128;
  if (a === 169) return b === 254;
  if (a === 172) return b >= 16 && b < 32;
  return a === 192 && b === 168;
}

function isPrivateV6(host: string): boolean {
  const mapped = /^::ffff:([0-9a-f]{1,4}):[0-9a-f]{1,4}$/u.exec(host)?.[1];
  if (mapped !== undefined) {
    const upper = Number.parseInt(mapped, 16);
    return isPrivateV4([upper >> 8, upper & 255]);
  }
  return /^(?:::1?$|f[cd]|fe[89ab]|ff)/u.test(host);
}
