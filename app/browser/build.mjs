// Bundles what the browser gets beside the WebAssembly, into the folder named by LUNCHBOX_SITE_PKG:
// terminal.js, the terminal with xterm.js; lunchbox.css, every learner's style sheet in one; teach.css, what
// instructors' pages have beside that.
import { build } from "esbuild";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");
const style = join(root, "style");
const out = process.env.LUNCHBOX_SITE_PKG;
if (!out) {
  console.error("LUNCHBOX_SITE_PKG is not set. It names the folder to write to; server/setup/browser-assets.sh sets it.");
  process.exit(1);
}
const folder = resolve(root, out);
mkdirSync(folder, { recursive: true });

// main.css and teach.css name the order in comments-free @import lines; a file that neither names is a mistake.
const entries = ["main.css", "teach.css"];
const imports = entries.map((name) => readFileSync(join(style, name), "utf8")).join("\n");
const unnamed = readdirSync(style).filter((name) => name.endsWith(".css") && !entries.includes(name) && !imports.includes(`"./${name}"`));
if (unnamed.length > 0) {
  console.error(`Neither style/main.css nor style/teach.css imports ${unnamed.join(", ")}. Add an @import line for each, or remove the file.`);
  process.exit(1);
}

const common = {
  bundle: true,
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  target: ["chrome120", "firefox121", "safari17.2"],
};
await build({ ...common, entryPoints: [join(here, "src/terminal.ts")], outfile: join(folder, "terminal.js"), format: "esm" });

async function styles(name, contents) {
  const css = await build({ ...common, stdin: { contents, resolveDir: here, loader: "css" }, write: false, outfile: join(folder, name) });
  for (const file of css.outputFiles) writeFileSync(join(folder, name), file.contents);
}
await styles("lunchbox.css", `@import "@xterm/xterm/css/xterm.css";\n@import "${join(style, "main.css")}";\n`);
await styles("teach.css", `@import "${join(style, "teach.css")}";\n`);
