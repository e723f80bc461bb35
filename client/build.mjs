// Bundles the client into the folder that the hub serves it from, or into the one that is given.
// The same sources give the same bytes, wherever they lie.
import { build } from "esbuild";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

const client = import.meta.dirname;
const served = process.argv[2] ?? join(client, "../src/takeback/web/portal/static");

const { outputFiles } = await build({
  absWorkingDir: client,
  entryPoints: {
    leave: "src/islands/leave.ts",
    case: "src/islands/case.ts",
    receipt: "src/islands/receipt.ts",
    signals: "src/signals/worker.ts",
    proof: "src/hub/proof-worker.ts",
  },
  outdir: served,
  write: false,
  bundle: true,
  minify: true,
  format: "esm",
  target: ["es2022", "chrome109", "firefox115", "safari16.4"],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
});

// Written only once everything was built: a mistake in the sources leaves what is served as it was.
await mkdir(served, { recursive: true });
const built = new Set(outputFiles.map(({ path }) => basename(path)));
const stale = (await readdir(served)).filter((name) => !built.has(name));
await Promise.all(stale.map((name) => rm(join(served, name))));
await Promise.all(outputFiles.map(({ path, contents }) => writeFile(path, contents)));
