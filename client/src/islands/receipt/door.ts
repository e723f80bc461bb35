/**
 * The form of the receipt, sent without leaving the page, so that neither the history nor a
 * reload can show it again. The answer is the whole page; the browser parses it as it would any
 * page of this address, and no text is ever made into markup here.
 */

import { browserWeb, HubRefusal, NoNetwork, type Web } from "../../hub/exchange.ts";
import type { Hub } from "../../hub/hub.ts";
import { patiently } from "../../hub/patience.ts";

/** What a form holds, by the names of its fields. */
export type Fields = Readonly<Record<string, string>>;

/** Sends a form to a place of this portal and returns the page that answers. */
export type Post = (place: string, fields: Fields) => Promise<Document>;

/** Seconds to wait for an answer. */
const PATIENCE = 60;

/** A refusal that the hub has put in words, on a page. */
export class PageRefusal extends HubRefusal {
  /** The page with the words. */
  readonly page: Document;

  constructor(page: Document, status: number, retryAfter: number) {
    const said = page.querySelector<HTMLElement>("[data-refusal]");
    super(status, said?.dataset["refusal"] ?? "", "the page says why", retryAfter);
    this.page = page;
  }
}

/** The way to the receipt's page, with a proof of work for each try. */
export class Door {
  readonly #hub: Hub;
  readonly #post: Post;
  readonly #web: Pick<Web, "wait" | "random">;

  constructor(hub: Hub, post: Post = browserPost, web: Pick<Web, "wait" | "random"> = browserWeb) {
    this.#hub = hub;
    this.#post = post;
    this.#web = web;
  }

  /**
   * Send a form and return the page that answers.
   *
   * @param twice - whether it may be sent again when no answer came.
   * @throws PageRefusal, NoNetwork or NoProof.
   */
  send(place: string, fields: Fields, twice: boolean): Promise<Document> {
    const once = async () => {
      const { challenge, solution } = await this.#hub.proof();
      return this.#post(place, { ...fields, challenge, solution });
    };
    return patiently(once, { web: this.#web, twice });
  }
}

/** Sends through the browser's own network. */
const browserPost: Post = (place, fields) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const lost = () => reject(new NoNetwork("no answer came", true));
    request.open("POST", place);
    request.responseType = "document";
    request.timeout = PATIENCE * 1000;
    request.addEventListener("error", lost);
    request.addEventListener("timeout", lost);
    request.addEventListener("load", () => {
      const page = request.responseXML;
      if (page?.getElementById("receipt") == null) lost();
      else if (request.status === 200) resolve(page);
      else reject(new PageRefusal(page, request.status, retryAfter(request)));
    });
    request.send(new URLSearchParams(fields));
  });

function retryAfter(request: XMLHttpRequest): number {
  return Number(request.getResponseHeader("retry-after")) || 1;
}
