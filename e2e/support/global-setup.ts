// The one server that most tests share. What it returns runs when all tests have ended.
import { rmSync } from "node:fs";

import { Server } from "./server.ts";
import { PORT, folderOf } from "./settings.ts";

export default async function setUp(): Promise<() => Promise<void>> {
  const server = new Server(PORT);
  const end = async (): Promise<void> => {
    await server.remove();
    if (!process.env.CI) rmSync(folderOf(PORT), { recursive: true, force: true });
  };
  try {
    await server.startFresh();
  } catch (error) {
    await end().catch(() => undefined);
    throw error;
  }
  return end;
}
