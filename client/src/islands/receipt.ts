/**
 * The receipt: the server's page, with code and PIN typed once.
 *
 * Without this script every form on the page works by itself. With it what was typed is kept in
 * one variable until the page is left or nobody touches it for ten minutes, each form is sent with
 * a proof of work and without a place in the history, and photos and videos can be added.
 */

import { Hub, NoNetwork } from "../hub/hub.ts";
import { NoProof, workerSolver } from "../hub/solver.ts";
import type { Access, ItemDocument } from "../wire.ts";
import { Keeping } from "./case/keeping.ts";
import { byId, focusOn, hide, show } from "./page.ts";
import { Adding } from "./receipt/adding.ts";
import { Door, type Fields, PageRefusal } from "./receipt/door.ts";
import { Idle } from "./receipt/idle.ts";
import { type Notice, Notices } from "./receipt/notices.ts";
import { workerUrl } from "./trusted.ts";

/** Actions that do nothing twice when they are sent twice. */
const HARMLESS = ["read", "recover"];

/** Refusals after which code and PIN are asked for again. */
const SHUT = ["not-found", "malformed-code"];

/** What opens the case; the proof is made anew for each step. */
type Keys = Omit<Access, "proof">;

class ReceiptPage {
  readonly #hub = new Hub(workerSolver(workerUrl("/assets/proof.js")));
  readonly #door = new Door(this.#hub);
  readonly #notices = new Notices();
  readonly #idle = new Idle(() => this.#forget());
  readonly #blank = byId("receipt").cloneNode(true);
  #adding: Adding | undefined;
  #access: Keys | undefined;
  #underway = false;

  /** Listen. */
  begin(): void {
    addEventListener("pagehide", () => (this.#access = undefined));
    document.addEventListener("submit", (sending) => {
      sending.preventDefault();
      void this.#alone(() => this.#send(sending.target as HTMLFormElement));
    });
  }

  /** One thing at a time: a double tap is one. */
  async #alone(work: () => Promise<void>): Promise<void> {
    if (this.#underway) return;
    this.#underway = true;
    try {
      await work();
    } finally {
      this.#underway = false;
      this.#idle.touch();
    }
  }

  async #send(form: HTMLFormElement): Promise<void> {
    const fields = { ...this.#keys(), ...fieldsOf(form) };
    this.#notices.say("working", form);
    try {
      const page = await this.#ask(fields);
      this.#remember(fields);
      this.#show(page);
    } catch (failure) {
      this.#explain(failure, form, fields);
    }
  }

  #ask(fields: Fields): Promise<Document> {
    return this.#door.send(location.pathname, fields, HARMLESS.includes(fields["action"] ?? ""));
  }

  #keys(): Fields {
    return { ...this.#access };
  }

  /** After many wrong PINs every step needs the slip that opened the receipt. */
  #remember({ code, pin, slip }: Fields): void {
    const keys = code === undefined || pin === undefined ? undefined : { code, pin };
    this.#access = keys === undefined || slip === undefined ? keys : { ...keys, slip };
  }

  /** Take the receipt over from a page that answered. */
  #show(page: Document): void {
    const receipt = document.adoptNode(page.getElementById("receipt")!);
    this.#put(receipt);
    if (receipt.dataset["state"] === "read") this.#opened(receipt);
    if (receipt.dataset["state"] === "opened") offerKeeping();
    focusOn(byId(document.querySelector("#said > *") === null ? "title" : "said"), "start");
  }

  #put(receipt: HTMLElement): void {
    this.#notices.clear();
    this.#adding?.placeIn(receipt);
    byId("receipt").replaceWith(receipt);
  }

  /** Code and PIN need not be typed again; photos and videos can be added. */
  #opened(receipt: HTMLElement): void {
    for (const keys of receipt.querySelectorAll("[data-keys]")) keys.remove();
    const add = () => void this.#alone(() => this.#add());
    this.#adding ??= new Adding(add, () => this.#idle.touch());
    this.#adding.placeIn(receipt);
  }

  async #add(): Promise<void> {
    const adding = this.#adding;
    if (adding === undefined || this.#access === undefined) return;
    const keypoints = byId("receipt").dataset["keypoints"] === "yes";
    if (!keypoints && adding.someNeedKeypoints) {
      return this.#notices.say("keypoints-only", adding.element);
    }
    this.#notices.say("working", adding.element);
    try {
      await this.#addOnce(this.#access, adding.documents(keypoints));
      adding.clear();
      this.#notices.say("added", byId("said"));
    } catch (failure) {
      this.#explain(failure, adding.element, this.#keys());
    }
  }

  /** Add, and read the receipt: if the answer was lost on its way, that tells whether it arrived. */
  async #addOnce(access: Keys, documents: ItemDocument[]): Promise<void> {
    const before = byId("receipt").dataset["items"];
    const lost = await this.#hub.addItems(access, documents).then(() => false, unlessHeard);
    this.#show(await this.#ask({ ...this.#keys(), action: "read" }));
    if (lost && byId("receipt").dataset["items"] === before) {
      throw new NoNetwork("it did not arrive", false);
    }
  }

  #explain(failure: unknown, place: HTMLElement, fields: Fields): void {
    if (failure instanceof PageRefusal) this.#refused(failure, fields);
    else this.#notices.say(noticeOf(failure, fields), place);
  }

  /** Show a refusal in the hub's words: above the receipt, or above the empty form. */
  #refused({ page, type }: PageRefusal, { code, slip }: Fields): void {
    if (this.#access !== undefined && !SHUT.includes(type)) {
      const said = document.adoptNode(page.getElementById("said")!);
      this.#notices.clear();
      byId("said").replaceWith(said);
      return focusOn(said, "start");
    }
    this.#access = undefined;
    this.#show(page);
    byId("open-code", HTMLInputElement).value = code ?? "";
    if (type !== "form-too-old") return;
    byId("lost", HTMLDetailsElement).open = true;
    byId("recover-slip", HTMLInputElement).value = slip ?? "";
  }

  /** Nobody was here for a while: code, PIN and receipt are gone from this page, typed ones too. */
  #forget(): void {
    if (this.#underway || (this.#access === undefined && !isTyped(byId("receipt")))) return;
    this.#access = undefined;
    this.#adding?.clear();
    const blank = this.#blank.cloneNode(true) as HTMLElement;
    if (blank.dataset["state"] !== "ask") return location.replace(location.pathname);
    this.#put(blank);
    this.#notices.say("forgotten", byId("said"));
  }
}

/** After a recovery: ways to keep the new secrets, which are on the page and nowhere else. */
function offerKeeping(): void {
  const textOf = (id: string): string => byId(id).textContent ?? "";
  const secrets = {
    code: textOf("code").replaceAll("-", ""),
    pin: textOf("pin"),
    words: textOf("code-words").split(" "),
    slip: textOf("slip"),
  };
  const next = byId("to-receipt");
  hide(next);
  show(byId("keeping"));
  new Keeping(
    () => secrets,
    () => (show(next), focusOn(next)),
  );
}

/** Whether a failure leaves it open if the hub heard; any other is thrown again. */
function unlessHeard(failure: unknown): true {
  if (failure instanceof NoNetwork && failure.sent) return true;
  throw failure;
}

function noticeOf(failure: unknown, { action }: Fields): Notice {
  if (failure instanceof NoProof) return "no-proof";
  if (!(failure instanceof NoNetwork)) return "not-added";
  return failure.sent && !HARMLESS.includes(action ?? "") ? "lost-answer" : "no-network";
}

/** Whether something was typed and not sent. */
function isTyped(receipt: HTMLElement): boolean {
  const fields = receipt.querySelectorAll<HTMLInputElement>("[data-keys] input, [name=slip]");
  return [...fields].some((field) => field.value !== "");
}

/** What a form holds; fields left empty are left out. */
function fieldsOf(form: HTMLFormElement): Fields {
  const entries = [...new FormData(form)].map(([name, value]) => [name, String(value)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}

new ReceiptPage().begin();
