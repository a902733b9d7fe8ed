// Where everything is. One place, so that no test knows a path or a port.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

export const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
/** Servers that a test starts for itself listen on the ports after this one. */
export const PORT = Number(process.env.LUNCHBOX_E2E_PORT ?? 3101);
export const BASE_URL = urlOf(PORT);
export const CHROMIUM = process.env.LUNCHBOX_CHROMIUM ?? "/usr/bin/chromium";
/** The debug build is the one the other tests have made already. */
export const BINARY = process.env.LUNCHBOX_BINARY ?? join(PROJECT, "target/debug/lunchbox");
export const WARM_SANDBOXES = 2;
/** Every test's learners come anew and none stands idle for long enough to give a place back: room for all of a run. */
export const MAX_SANDBOXES = 150;

export function urlOf(port: number): string {
  return `http://localhost:${port}`;
}

/** Holds data, sockets and log of the server on that port; the same for every process of one run. */
export function folderOf(port: number): string {
  return join(tmpdir(), `lunchbox-e2e-${port}`);
}

/** As it labels what it makes on the engine. */
export function instanceOf(port: number): string {
  return `e2e${port}`;
}

/** Sandboxes' networks, so that servers side by side on one engine don't cut from the same. */
export function addressPoolOf(port: number): string {
  return `10.${201 + port - PORT}.0.0/16`;
}

export function requireBinary(): void {
  if (!existsSync(BINARY)) {
    throw new Error(`${BINARY} isn't there. Run ./lunchbox build first, or set LUNCHBOX_BINARY.`);
  }
}

export const CHROMIUM_ARGUMENTS = [
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  // Chromium refuses its own sandbox to root.
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
];
