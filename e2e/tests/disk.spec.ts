// One learner's files may not fill the disk that all share.
import { Server } from "../support/server.ts";
import { PORT } from "../support/settings.ts";
import { expect, test } from "../support/test.ts";

test("who fills the disk is stopped and told at the terminal, tidies up, and goes on", async ({ newLearner }) => {
  const server = new Server(PORT + 4, { LUNCHBOX_SANDBOX_DISK_MB: "100" });
  await server.startFresh();
  try {
    const { context, lesson } = await newLearner({ baseURL: server.url });
    await lesson.openFromHome();
    await lesson.goToStep(/^Pull an image/);
    await lesson.start();
    await lesson.terminal.run("docker pull -q nginx && docker run -d --name web nginx");
    // More than the slack that the watch gives, and then on for as long as it is let.
    await lesson.terminal.focus();
    await lesson.page.keyboard.type("head -c 300000000 /dev/zero > big; while :; do head -c 1000000 /dev/zero >> big; sleep 0.2; done");
    await lesson.page.keyboard.press("Enter");
    await lesson.terminal.expectText(/your files have filled this host's disk, so what ran here was stopped/);
    await lesson.page.getByRole("button", { name: "Connect again" }).click();
    // A fresh shell, and the container that did nothing runs on.
    expect(await lesson.terminal.run("docker ps --format '{{.Names}}'")).toBe("web");
    expect(await lesson.terminal.run("du -ah /root | sort -h | tail -2 | grep -c /root/big")).toBe("1");
    await lesson.terminal.run("rm big");
    await lesson.terminal.run("docker pull -q alpine");
    expect(await lesson.terminal.run("docker run --rm alpine echo goes on")).toBe("goes on");
    // Before the server: a page whose server has gone complains.
    await context.close();
  } finally {
    await server.remove();
  }
});
