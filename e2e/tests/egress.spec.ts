// What a class may reach is said as it is.
import { Server } from "../support/server.ts";
import { PORT } from "../support/settings.ts";
import { expect, test } from "../support/test.ts";

test("where there is internet nobody says that there is none, and the registry has a door", async ({ newLearner }) => {
  const server = new Server(PORT + 2, { LUNCHBOX_EGRESS: "on" });
  await server.startFresh();
  try {
    const { context, lesson, page } = await newLearner({ baseURL: server.url });
    await lesson.openFromHome();
    await lesson.goToStep(/^Pull an image/);
    await expect(page.getByText("Your own Docker host is one click away")).toBeVisible();
    await expect(page.getByText(/no internet/i)).toBeHidden();
    await lesson.start();
    await expect(lesson.terminal.element).toContainText("Ctrl+Shift+V paste");
    await expect(lesson.terminal.element).not.toContainText("No internet");
    expect(await lesson.terminal.run("curl -sS --retry 20 --retry-connrefused --retry-delay 0 registry.lunchbox/v2/_catalog")).toContain("library/nginx");
    // Before the server: a page whose server has gone complains.
    await context.close();
  } finally {
    await server.remove();
  }
});
