// Builds what is committed: the widget's bundle in evalwidget/static, and the sidebar in evalwidget/labextensions.
// With --harness, a development page in the temporary directory.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

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

/** Styles as minified text, for the script to put into the page. */
const stylesAsText = {
  name: "styles-as-text",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

/** The sidebar as JupyterLab loads it with no build of its own: file names carry hashes, since browsers keep them. */
async function buildSidebar() {
  const folder = join(here, "../evalwidget/labextensions/evalwidget");
  rmSync(join(folder, "static"), { recursive: true, force: true });
  const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
  const part = async (entry, options) => {
    const { metafile } = await build({
      ...common,
      entryPoints: { [entry === "plugin" ? "remoteEntry" : entry]: `sidebar/${entry}.ts` },
      entryNames: "[name].[hash]",
      outdir: join(folder, "static"),
      minify: true,
      metafile: true,
      plugins: [stylesAsText],
      ...options,
    });
    return basename(Object.keys(metafile.outputs)[0]);
  };
  const panel = await part("panel", {});
  const entry = await part("plugin", {
    external: [`./${panel}`],
    define: { PANEL_FILE: JSON.stringify(`./${panel}`) },
    // esbuild's own wrapping brings 900 bytes that nothing here uses
    banner: { js: "(()=>{" },
    footer: { js: "})();" },
  });
  const facts = {
    name: "evalwidget",
    version,
    description: "Evaluations of open notebooks, and run folders, in the sidebar of JupyterLab and Notebook 7",
    license: "MIT",
    jupyterlab: { extension: true, _build: { load: `static/${entry}`, extension: "./extension" } },
  };
  const install = {
    packageManager: "python",
    packageName: "evalwidget",
    uninstallInstructions: "pip uninstall evalwidget",
  };
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(facts, null, 2)}\n`);
  writeFileSync(join(folder, "install.json"), `${JSON.stringify(install, null, 2)}\n`);
}

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
  await buildSidebar();
}
