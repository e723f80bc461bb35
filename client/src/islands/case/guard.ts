/** Asks before the page is left by accident with something to lose; never the way out. */

/** Ask before leaving as long as `wouldLose` says so. */
export function guard(wouldLose: () => boolean): void {
  addEventListener("beforeunload", (leaving) => {
    if (isQuickExit() || !wouldLose()) return;
    leaving.preventDefault();
  });
}

/** The way out blanks the page before it goes; see `leave.ts`. */
function isQuickExit(): boolean {
  return document.documentElement.hidden !== false;
}
