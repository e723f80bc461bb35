/**
 * What every island needs of its page: find, show, say, move the focus.
 *
 * The server writes each sentence into the page, in the reader's language. Islands show, hide and
 * fill numbers in; they make no sentence and no markup of their own.
 */

/** Values for the places in a sentence: `{name}`. Numbers are written as the language does. */
export type Facts = Readonly<Record<string, string | number>>;

/** A sentence, or one for each plural form of its `count`. */
export type Sentence = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>;

type Kind<T extends Element> = abstract new (...args: never[]) => T;

/** The element called `id`, which the template promises to have. */
export function byId<T extends HTMLElement = HTMLElement>(
  id: string,
  kind: Kind<T> = HTMLElement as unknown as Kind<T>,
): T {
  return promised(document.getElementById(id), kind, id);
}

/** The part of `within` that the template marked `data-slot="name"`. */
export function slot<T extends HTMLElement = HTMLElement>(
  within: ParentNode,
  name: string,
  kind: Kind<T> = HTMLElement as unknown as Kind<T>,
): T {
  return promised(within.querySelector(`[data-slot="${name}"]`), kind, name);
}

/** A copy of the one element inside `<template id="…">`. */
export function stamp(id: string): HTMLElement {
  const content = byId(id, HTMLTemplateElement).content.cloneNode(true) as DocumentFragment;
  return promised(content.firstElementChild, HTMLElement, id);
}

/** Shows `element`, or hides it from eyes and screen readers alike. */
export function show(element: HTMLElement, shown = true): void {
  element.hidden = !shown;
}

/** Hides `element`. */
export function hide(element: HTMLElement): void {
  show(element, false);
}

/** Of the children of `parent` with `data-when`, shows those that name `state` among theirs. */
export function showWhen(parent: ParentNode, state: string): void {
  for (const part of parent.querySelectorAll<HTMLElement>("[data-when]")) {
    show(part, (part.dataset["when"] ?? "").split(" ").includes(state));
  }
}

/** Moves the focus to `element`, a heading or a message, and brings it into view. */
export function focusOn(element: HTMLElement, block: ScrollLogicalPosition = "nearest"): void {
  if (!element.hasAttribute("tabindex")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block });
}

/** Shows the message `error` of `field` and goes there; or takes it away. */
export function tell(field: HTMLElement, error: HTMLElement, wrong: boolean): void {
  show(error, wrong);
  describe(field, error.id, wrong);
  if (wrong) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
  } else {
    field.removeAttribute("aria-invalid");
  }
}

/** Ties a description to a field, or unties it: a hidden one would be read out all the same. */
export function describe(field: HTMLElement, id: string, tied: boolean): void {
  const ids = new Set((field.getAttribute("aria-describedby") ?? "").split(" "));
  if (tied) ids.add(id);
  else ids.delete(id);
  field.setAttribute("aria-describedby", [...ids].join(" ").trim());
}

/** The sentences that a page brings for its island, by name. */
export class Words {
  readonly language: string;
  private readonly sentences: Readonly<Record<string, Sentence>>;
  private readonly plurals: Intl.PluralRules;
  private readonly numbers: Intl.NumberFormat;

  constructor(sentences: Readonly<Record<string, Sentence>>, language: string) {
    this.language = language;
    this.sentences = sentences;
    this.plurals = new Intl.PluralRules(language);
    this.numbers = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
  }

  /** The sentence called `name` with its facts filled in; `count` chooses the plural form. */
  say(name: string, facts: Facts = {}): string {
    return this.form(name, facts["count"]).replace(/\{(\w+)\}/g, (_, fact: string) =>
      this.written(facts[fact] ?? ""),
    );
  }

  private form(name: string, count: string | number | undefined): string {
    const sentence = this.sentences[name];
    if (sentence === undefined) throw new Error(`the page has no words "${name}"`);
    if (typeof sentence === "string") return sentence;
    return sentence[this.plurals.select(Number(count ?? 0))] ?? sentence.other ?? "";
  }

  private written(fact: string | number): string {
    return typeof fact === "number" ? this.numbers.format(fact) : fact;
  }
}

/** The words of this page, from `<script type="application/json" id="words">`. */
export function pageWords(): Words {
  const text = byId("words", HTMLScriptElement).textContent ?? "{}";
  const sentences = JSON.parse(text) as Record<string, Sentence>;
  return new Words(sentences, document.documentElement.lang || "en");
}

function promised<T extends Element>(found: Element | null, kind: Kind<T>, name: string): T {
  if (!(found instanceof kind)) throw new Error(`the page has no "${name}" of this kind`);
  return found;
}
