// The engine itself, seen from outside every sandbox.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What `docker …` prints, without the last line's end. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", args, { maxBuffer: 16 << 20 });
  return stdout.trimEnd();
}

async function lines(...args: string[]): Promise<string[]> {
  return (await docker(...args)).split("\n").filter((line) => line !== "");
}

/** Removes everything that one instance of Lunchbox made on the engine, pushed images' names included. */
export async function removeAll(instance: string): Promise<void> {
  const ours = ["--filter", `label=io.lunchbox.instance=${instance}`, "-q"];
  const containers = await lines("ps", "-a", ...ours);
  if (containers.length > 0) await docker("rm", "-f", "-v", ...containers);
  const networks = await lines("network", "ls", ...ours);
  if (networks.length > 0) await docker("network", "rm", ...networks);
  const volumes = await lines("volume", "ls", ...ours);
  if (volumes.length > 0) await docker("volume", "rm", ...volumes);
}

/** How many workstations of an instance run. */
export async function workstations(instance: string): Promise<string[]> {
  return lines("ps", "-q", "--filter", `label=io.lunchbox.instance=${instance}`, "--filter", "label=io.lunchbox.role=workstation");
}
