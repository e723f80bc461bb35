// Bundles the client into the folder that the hub serves it from. The same sources give the same bytes.
import { build } from "esbuild";
import { rm } from "node:fs/promises";

const client = import.meta.dirname;
const served = `${client}/../src/takeback/web/portal/static`;

await rm(served, { recursive: true, force: true });
await build({
  absWorkingDir: client,
  entryPoints: {
    leave: "src/islands/leave.ts",
    case: "src/islands/case.ts",
    receipt: "src/islands/receipt.ts",
    signals: "src/signals/worker.ts",
    proof: "src/hub/proof-worker.ts",
  },
  outdir: served,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome109", "firefox115", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});
