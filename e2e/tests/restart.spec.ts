// A server may be killed at any moment, and nothing that a learner was told is saved is lost.
import { Server } from "../support/server.ts";
import { PORT } from "../support/settings.ts";
import { expect, test } from "../support/test.ts";

test("a killed server comes back to the same hosts, shells and progress", async ({ newLearner, complaints }) => {
  // What a browser says of a line that is gone.
  complaints.expect(/WebSocket connection to/, /net::ERR_/, /Failed to load resource/);
  const server = new Server(PORT + 1);
  await server.startFresh();
  try {
    const { lesson } = await newLearner({ baseURL: server.url });
    await lesson.openFromHome();
    await lesson.goToStep(/^Pull an image/);
    await lesson.start();
    await lesson.terminal.run("docker pull nginx");
    await lesson.expectStepDone();
    await lesson.terminal.run("docker run -d --name web -p 8080:80 nginx");
    await lesson.terminal.run("fruit=apple; echo written before the fall");
    const sandbox = await lesson.sandbox();

    await server.kill();
    await expect(lesson.page.getByText(/line to Lunchbox is lost/)).toBeVisible();
    await server.start();
    await expect(lesson.page.getByText(/line to Lunchbox is lost/)).toBeHidden({ timeout: 30_000 });

    // The same page, without a reload: the same shell, with its screen.
    await lesson.terminal.expectText(/^written before the fall$/m);
    expect(await lesson.terminal.run("echo $fruit")).toBe("apple");
    expect(await lesson.terminal.run("docker ps --format '{{.Names}} {{.Ports}}'")).toMatch(/^web .*8080->80\/tcp/);
    expect(await lesson.terminal.run("curl -s localhost:8080 | grep -c 'Welcome to nginx'")).not.toBe("0");
    expect(await lesson.sandbox()).toBe(sandbox);
    // And it goes on being checked.
    await lesson.next();
    await lesson.terminal.run("docker images");
    await lesson.expectStepDone();

    await lesson.page.reload();
    await lesson.hydrated();
    expect(await lesson.sandbox()).toBe(sandbox);
    // Pulled, listed, and the container that runs is what step 9 asks for.
    expect(await lesson.stepsDone()).toBe(3);
  } finally {
    await server.remove();
  }
});
