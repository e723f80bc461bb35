/** The Worker that solves a proof of work: a challenge comes in, its proof goes out. */

import type { Challenge } from "../wire.ts";
import { solve } from "./proof.ts";

addEventListener("message", ({ data }: MessageEvent<Challenge>) => {
  postMessage(solve(data));
});
