/**
 * Leaving: on every page, at once, without asking, and so that a glance finds nothing.
 *
 * Nothing is stored. What can't be erased from here is said on the page about this page.
 */

const TAPS = 3;
/** How long three presses of Shift may take, in milliseconds. */
const TAPS_WITHIN = 2000;

/**
 * Make the page blank, before anything else happens. The neutral title stays: in place of an empty
 * one browsers show the address, on the tab now and in the list of visited pages for ever. What
 * other scripts then miss in the page is no matter.
 */
function blank(): void {
  addEventListener("error", (missed) => missed.preventDefault());
  addEventListener("unhandledrejection", (missed) => missed.preventDefault());
  document.documentElement.hidden = true;
  document.body.replaceChildren();
}

/**
 * Leave: nothing to see at once, then away, with no way back to this page. Without a network the
 * page stays blank: an error page would show the address of this one.
 */
function leave(address: string): void {
  blank();
  location.replace(navigator.onLine ? address : "about:blank");
}

/** Whether this click should open the address here, and not in a tab or window of its own. */
function isPlain(click: MouseEvent): boolean {
  return click.button === 0 && !(click.metaKey || click.ctrlKey || click.shiftKey || click.altKey);
}

/** Follow links inside the portal without adding to the history, so that Back leaves it. */
function follow(click: MouseEvent): void {
  const link = (click.target as Element).closest<HTMLAnchorElement>("a[href]");
  if (link === null || click.defaultPrevented || !isPlain(click)) return;
  if (link.id === "leave") {
    click.preventDefault();
    leave(link.href);
  } else if (link.origin === location.origin && !link.hasAttribute("download")) {
    click.preventDefault();
    go(link);
  }
}

/** Go to a place in the portal; a place on this page needs no loading. */
function go(link: HTMLAnchorElement): void {
  const here = link.pathname === location.pathname && link.hash !== "";
  if (!here) return location.replace(link.href);
  const place = document.getElementById(link.hash.slice(1));
  place?.scrollIntoView();
  place?.focus({ preventScroll: true });
}

/** Return a listener that leaves once Shift was pressed three times alone and quickly. */
function shiftThrice(address: string): (key: KeyboardEvent) => void {
  let presses: number[] = [];
  return (key) => {
    if (key.key !== "Shift") presses = [];
    else if (!key.repeat) presses = [...presses, key.timeStamp].slice(-TAPS);
    const first = presses[0];
    if (presses.length === TAPS && first !== undefined && key.timeStamp - first <= TAPS_WITHIN) {
      leave(address);
    }
  };
}

/** What the browser keeps of a page in memory, to show it at once on the way back, is blank. */
function emptyKept(left: PageTransitionEvent): void {
  if (left.persisted) blank();
}

/** A page that the browser kept in memory is never shown again. */
function forgetKept(shown: PageTransitionEvent): void {
  if (!shown.persisted) return;
  blank();
  location.reload();
}

addEventListener("click", follow);
addEventListener("pagehide", emptyKept);
addEventListener("pageshow", forgetKept);
addEventListener("keydown", shiftThrice("/leave"));
