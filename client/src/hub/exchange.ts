/** One exchange with the hub over HTTP: what was answered, refused, or lost on the way. */

/** What a page needs of the network and of time; a test brings its own. */
export interface Web {
  /** Sends one request, as the browser does. */
  fetch(place: string, init: RequestInit): Promise<Response>;
  /** Waits some seconds, or until `stop`. */
  wait(seconds: number, stop?: AbortSignal): Promise<void>;
  /** Draws a number from 0 to 1, so that not everybody comes back at the same instant. */
  random(): number;
}

/** A refusal in the hub's own words, RFC 9457; its message is for developers, not for the page. */
export class HubRefusal extends Error {
  override readonly name = "HubRefusal";
  /** The HTTP status. */
  readonly status: number;
  /** The error's name, such as `not-found`; see docs/reference/errors.md. */
  readonly type: string;
  /** Seconds after which to ask again, where the hub said so. */
  readonly retryAfter: number;

  constructor(status: number, type: string, detail: string, retryAfter = 0) {
    super(detail);
    this.status = status;
    this.type = type;
    this.retryAfter = retryAfter;
  }
}

/** No answer of the hub came back. */
export class NoNetwork extends Error {
  override readonly name = "NoNetwork";
  /** Whether something was sent that the hub may have heard, and done. */
  readonly sent: boolean;

  constructor(message: string, sent: boolean) {
    super(message);
    this.sent = sent;
  }
}

const PROBLEM = "application/problem+json";
const ANSWER = "application/json";
const TYPE = "urn:takeback:error:";

/** Seconds to wait for an answer: two megabytes take long on a slow line. */
const PATIENCE = 90;

/**
 * Send `body`, or ask without one, and return the document that comes back.
 *
 * @throws {@link HubRefusal} if the hub said no.
 * @throws {@link NoNetwork} if no answer came, or one that no hub gives.
 */
export async function exchange(
  web: Web,
  place: string,
  body?: object,
  stop?: AbortSignal,
): Promise<unknown> {
  const response = await reach(web, place, body, stop);
  try {
    if (response.ok) return await read(response, ANSWER);
    throw await refusal(response);
  } catch (failure) {
    if (failure instanceof HubRefusal) throw failure;
    stop?.throwIfAborted();
    throw new NoNetwork("something answered, but not as a hub does", body !== undefined);
  }
}

async function reach(web: Web, place: string, body?: object, stop?: AbortSignal) {
  const ending = new AbortController();
  const end = () => ending.abort();
  const late = setTimeout(end, PATIENCE * 1000);
  stop?.addEventListener("abort", end);
  try {
    return await web.fetch(place, request(body, ending.signal));
  } catch {
    stop?.throwIfAborted();
    throw new NoNetwork("no answer came", body !== undefined);
  } finally {
    clearTimeout(late);
    stop?.removeEventListener("abort", end);
  }
}

function request(body: object | undefined, signal: AbortSignal): RequestInit {
  const bare: RequestInit = {
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer",
    signal,
  };
  if (body === undefined) return bare;
  const headers = { "content-type": ANSWER };
  return { ...bare, method: "POST", headers, body: JSON.stringify(body) };
}

async function refusal(response: Response): Promise<HubRefusal> {
  const retryAfter = Number(response.headers.get("retry-after")) || 1;
  if (response.status === 503) return new HubRefusal(503, "too-busy", "busy", retryAfter);
  const problem = (await read(response, PROBLEM)) as { type: string; detail: string };
  return new HubRefusal(response.status, problem.type.replace(TYPE, ""), problem.detail);
}

/** Read a document; a page that some network in between answers with is none. */
async function read(response: Response, kind: string): Promise<unknown> {
  if (response.headers.get("content-type")?.split(";")[0] !== kind) throw new TypeError(kind);
  return await response.json();
}

/** The browser's own network and time. */
export const browserWeb: Web = {
  fetch: (place, init) => fetch(place, init),
  random: () => Math.random(),
  wait: (seconds, stop) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(resolve, seconds * 1000);
      stop?.addEventListener("abort", () => (clearTimeout(late), reject(stop.reason as Error)));
    }),
};
