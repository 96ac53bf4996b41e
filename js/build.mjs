// Builds the committed bundle in evalwidget/static; with --harness, a development page in the temporary directory.
import { cpSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));

const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  logLevel: "info",
};

if (process.argv.includes("--harness")) {
  const out = join(tmpdir(), "evalwidget-harness");
  mkdirSync(out, { recursive: true });
  await build({ ...common, entryPoints: { harness: "test/harness/page.ts", widget: "src/index.css" }, outdir: out });
  cpSync(join(here, "test/harness/index.html"), join(out, "index.html"));
} else {
  await build({
    ...common,
    entryPoints: ["src/index.tsx"],
    outfile: "../evalwidget/static/widget.js",
    minify: true,
  });
  await build({ ...common, entryPoints: ["src/index.css"], outfile: "../evalwidget/static/widget.css", minify: true });
}
