// Each step's own commands lead to its goals: what the lesson says to do is what its checks look for.
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { LESSON_SLUG } from "../support/lesson-page.ts";
import { PROJECT } from "../support/settings.ts";
import { type Learner, expect, test } from "../support/test.ts";

/** Step IDs, in order, from the names of the lesson's files: 06-pull-an-image.md. */
function steps(): string[] {
  const lessons = join(PROJECT, "lessons");
  const folder = readdirSync(lessons).find((name) => name.replace(/^\d+-/, "") === LESSON_SLUG);
  if (!folder) throw new Error(`There is no lesson ${LESSON_SLUG} under lessons/.`);
  return readdirSync(join(lessons, folder))
    .map((name) => /^\d+-(.+)\.md$/.exec(name)?.[1])
    .filter((step) => step !== undefined);
}

/** Every hint, then the solution; then each of its commands by its own button. */
async function runSolution({ lesson }: Learner): Promise<void> {
  const { help, terminal } = lesson;
  const solution = help.getByRole("heading", { name: "Solution" });
  const more = help.getByRole("button", { name: /^Show/ });
  while (!(await solution.isVisible())) {
    const before = await help.getByRole("heading", { level: 3 }).count();
    await more.click();
    await expect.poll(() => help.getByRole("heading", { level: 3 }).count()).toBeGreaterThan(before);
  }
  const commands = help.getByRole("button", { name: /^Run:/ });
  await expect(commands.first()).toBeVisible();
  for (const command of await commands.all()) {
    const text = (await command.getAttribute("data-run")) ?? "";
    await terminal.run("clear");
    await command.click();
    await terminal.expectText(text.slice(0, 30));
    await terminal.waitForPrompt();
  }
}

for (const step of steps()) {
  test(`${step}: the solution reaches every goal, and the questions can be answered from it`, async ({ newLearner }) => {
    const learner = await newLearner();
    const { lesson } = learner;
    await lesson.open(step);
    await lesson.start();
    if (await lesson.goals.isVisible()) {
      await lesson.expectAllGoals("not yet");
      await runSolution(learner);
      await lesson.expectAllGoals("done");
    }
    if (await lesson.questions.isVisible()) await lesson.answerQuestions();
    await lesson.expectStepDone();
  });
}
