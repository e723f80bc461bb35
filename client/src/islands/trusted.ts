/**
 * The one Trusted Types policy of the portal: it makes the address of a Worker and nothing else.
 *
 * `policy.py` allows no other; a browser without Trusted Types takes the plain address.
 */

/** What the browser's Trusted Types give, as far as it is used here. */
interface Factory {
  createPolicy(
    name: "takeback",
    rules: { createScriptURL(path: string): string },
  ): { createScriptURL(path: string): unknown };
}

const OURS = /^\/assets\/[a-z]+\.js$/;

function checked(path: string): string {
  if (!OURS.test(path)) throw new TypeError("not a script of this page");
  return path;
}

const factory = (globalThis as { trustedTypes?: Factory }).trustedTypes;
const policy = factory?.createPolicy("takeback", { createScriptURL: checked });

/**
 * Return the address of a Worker as `new Worker` takes it: `/assets/signals.js`.
 *
 * @throws TypeError if `path` is not a script under `/assets`.
 */
export function workerUrl(path: string): string {
  return policy === undefined ? checked(path) : (policy.createScriptURL(path) as string);
}
