/** What the page says of the network: when the phone may go offline, and that it is. */

import { byId, showWhen } from "../page.ts";

/** Show in the page whether the network is there, once everything is `loaded`. */
export function tellNetwork(loaded: Promise<unknown>): void {
  const tell = () => showWhen(byId("flight"), navigator.onLine ? "online" : "offline");
  void loaded.then(() => {
    tell();
    addEventListener("online", tell);
    addEventListener("offline", tell);
  });
}
