// Runs src/**/*.test.ts with Node's own test runner; esbuild takes the types off first.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const tests = readdirSync("src", { recursive: true }).filter((name) => String(name).endsWith(".test.ts"));
const out = mkdtempSync(join(tmpdir(), "lunchbox-browser-test-"));
try {
  await build({
    entryPoints: tests.map((name) => join("src", String(name))),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    logLevel: "warning",
  });
  const files = readdirSync(out).map((name) => join(out, name));
  process.exitCode = spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(out, { recursive: true });
}
