// A class at work, as the README and docs/classroom.md show it.
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import type { Page } from "@playwright/test";

import { BoardPage, hydrated, joinClass, makeClass, signIn } from "../support/classroom.ts";
import { PROJECT } from "../support/settings.ts";
import { type Learner, expect, test } from "../support/test.ts";

const FOLDER = join(PROJECT, "docs/screenshots");
/** Steps of the lab, in its order, each with what does it. */
const WORK: [string | RegExp, string][] = [
  [/^Pull an image$/, "docker pull -q nginx"],
  [/^List your images$/, "docker images"],
  [/^Run a container$/, "docker run -d --name web -p 8080:80 nginx"],
];
/** Who is in the class, and how many of those steps they do; the last of them is wrong where it says so. */
const LEARNERS: { name: string; steps: number; wrong?: string; looksAt?: string | RegExp; hand?: boolean }[] = [
  { name: "Ada", steps: 2, wrong: "docker run -d --name web -p 8081:80 nginx" },
  { name: "Barbara", steps: 3 },
  { name: "Edsger", steps: 2 },
  { name: "Frances", steps: 0, looksAt: /^Layers$/, hand: true },
  { name: "Ken", steps: 3 },
  { name: "Linus", steps: 0, looksAt: /^The union file system$/ },
  { name: "Radia", steps: 1 },
  { name: "Tim", steps: 0 },
];

test.use({ deviceScaleFactor: 2 });

test.beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
});

async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: join(FOLDER, `${name}.png`), animations: "disabled" });
}

async function work(learner: Learner, { steps, wrong, looksAt, hand }: (typeof LEARNERS)[number]): Promise<void> {
  const { page, lesson } = learner;
  if (looksAt) await lesson.goToStep(looksAt);
  if (hand) await page.getByRole("button", { name: "Raise hand" }).click();
  if (steps > 0) {
    await lesson.goToStep(WORK[0]?.[0] ?? "");
    await lesson.start();
  }
  for (const [title, command] of WORK.slice(0, steps)) {
    await lesson.goToStep(title);
    await lesson.terminal.run(command);
    await lesson.expectStepDone();
  }
  if (!wrong) return;
  await lesson.goToStep(/^Run a container$/);
  await lesson.terminal.run(wrong);
  for (let time = 0; time < 3; time += 1) await lesson.check();
}

test("the board, a learner beside it, and the projector's view", async ({ newLearner }) => {
  test.slow();
  const { page } = await newLearner();
  await signIn(page);
  const room = await makeClass(page, "Docker basics, Friday");
  for (const one of LEARNERS) {
    const learner = await newLearner();
    await joinClass(learner.page, room.code, one.name);
    await work(learner, one);
  }
  const board = new BoardPage(page);
  await board.open(room.id);
  await expect(board.why("Ada")).toContainText("Wrong 3 times in a row");
  await picture(page, "board");
  const side = await board.look("Ada");
  await expect(side.locator("lunchbox-terminal")).toBeVisible();
  await expect(side.getByText("nginx:latest").first()).toBeVisible();
  await picture(page, "board-learner");
  await page.goto(`/teach/classes/${room.id}/projector`);
  await hydrated(page);
  await picture(page, "projector");
});
