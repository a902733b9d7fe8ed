// docs/screenshots/*.png, as the README shows them. `npm run screenshots` makes them anew.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { PROJECT } from "../support/settings.ts";
import { type Learner, expect, test } from "../support/test.ts";

const FOLDER = join(PROJECT, "docs/screenshots");

test.use({ deviceScaleFactor: 2 });

test.beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
});

async function picture({ page }: Learner, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: "disabled" });
}

/** The lab's last step, done, with something to see in every column of the picture. */
async function atWork({ lesson }: Learner): Promise<void> {
  await lesson.openFromHome();
  await lesson.goToStep(/^Run a container$/);
  await lesson.start();
  await lesson.terminal.run("docker pull -q alpine");
  await lesson.terminal.run("docker run --name hello alpine echo hi");
  await lesson.terminal.run("docker run -d --name web -p 8080:80 nginx");
  await lesson.expectStepDone();
  await lesson.terminal.run("clear");
  await lesson.terminal.run("docker ps --format 'table {{.Names}}\\t{{.Image}}\\t{{.Ports}}'");
  await lesson.terminal.run("curl -sI localhost:8080 | head -3");
  await expect(lesson.diagram).toContainText("web");
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`the lesson, ${colorScheme}`, async ({ newLearner }) => {
    const learner = await newLearner({ colorScheme });
    await atWork(learner);
    await picture(learner, `lesson-${colorScheme}`);
  });
}

test("the home page", async ({ newLearner }) => {
  const learner = await newLearner({ colorScheme: "light" });
  await learner.page.goto("/");
  await learner.lesson.hydrated();
  await picture(learner, "home");
});
