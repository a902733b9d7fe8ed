// A Lunchbox server of the tests' own: its own port, data, sockets and instance.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { removeAll } from "./docker.ts";
import { BINARY, MAX_SANDBOXES, PROJECT, WARM_SANDBOXES, addressPoolOf, folderOf, instanceOf, requireBinary, urlOf } from "./settings.ts";

const READY_WITHIN_MS = 60_000;
const GONE_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 100;
const LOG_LINES_SHOWN = 30;

export class Server {
  readonly port: number;
  readonly url: string;
  readonly instance: string;
  #child: ChildProcess | undefined;
  readonly #folder: string;
  readonly #settings: Record<string, string>;

  constructor(port: number, settings: Record<string, string> = {}) {
    this.port = port;
    this.url = urlOf(port);
    this.instance = instanceOf(port);
    this.#folder = folderOf(port);
    this.#settings = settings;
  }

  /** With nothing kept from an earlier run. */
  async startFresh(): Promise<void> {
    await removeAll(this.instance);
    rmSync(this.#folder, { recursive: true, force: true });
    await this.start();
  }

  async start(): Promise<void> {
    requireBinary();
    mkdirSync(this.#folder, { recursive: true });
    const log = openSync(this.logFile, "a");
    const child = spawn(BINARY, ["serve"], {
      cwd: PROJECT,
      stdio: ["ignore", log, log],
      env: {
        ...process.env,
        LUNCHBOX_LISTEN: `127.0.0.1:${this.port}`,
        LUNCHBOX_DATA_DIR: join(this.#folder, "data"),
        LUNCHBOX_RUN_DIR: join(this.#folder, "run"),
        LUNCHBOX_INSTANCE: this.instance,
        LUNCHBOX_ADDRESS_POOL: addressPoolOf(this.port),
        LUNCHBOX_WARM_SANDBOXES: String(WARM_SANDBOXES),
        LUNCHBOX_MAX_SANDBOXES: String(MAX_SANDBOXES),
        ...this.#settings,
      },
    });
    closeSync(log);
    this.#child = child;
    const until = Date.now() + READY_WITHIN_MS;
    while (!(await this.#isReady())) {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`The server ended.\n${this.logEnd()}`);
      if (Date.now() > until) throw new Error(`The server isn't ready after ${READY_WITHIN_MS / 1000} s.\n${this.logEnd()}`);
      await pause(LOOK_EVERY_MS);
    }
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`http://127.0.0.1:${this.port}/readyz`)).ok;
    } catch {
      return false;
    }
  }

  /** Without a chance to say or save anything. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Asks it to end, as an operator does, and takes what it made off the engine. */
  async remove(): Promise<void> {
    await this.#end("SIGTERM");
    await removeAll(this.instance);
    rmSync(join(this.#folder, "data"), { recursive: true, force: true });
    rmSync(join(this.#folder, "run"), { recursive: true, force: true });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill(signal);
    const late = pause(GONE_WITHIN_MS, "late" as const, { ref: false });
    if ((await Promise.race([gone, late])) === "late") {
      child.kill("SIGKILL");
      throw new Error(`The server was still there ${GONE_WITHIN_MS / 1000} s after ${signal}.\n${this.logEnd()}`);
    }
  }

  get logFile(): string {
    return join(this.#folder, "server.log");
  }

  logEnd(): string {
    return readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-LOG_LINES_SHOWN).join("\n");
  }
}
