// Each step's own commands lead to its goals: what the lesson says to do is what its checks look for.
import { steps } from "../support/steps.ts";
import { type Learner, expect, test } from "../support/test.ts";

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

test("after the last answer of the last step there is a closing word, with what is still open and where to go on", async ({ learner }) => {
  const { page, lesson } = learner;
  await lesson.goToStep(/^Things to remember$/);
  const ending = page.getByRole("region", { name: "That was the last step" });
  await lesson.start();
  await expect(ending).toHaveCount(0);
  await lesson.answerQuestions();
  await expect(ending).toBeInViewport();
  const pageGrows = await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight);
  expect(pageGrows, "the text scrolls in its pane, the page doesn't").toBeLessThanOrEqual(0);
  await expect(ending.getByRole("listitem")).toHaveCount(steps().length - 1);
  await expect(ending.getByRole("button", { name: /^Run: docker build/ })).toBeVisible();
  await ending.getByRole("link", { name: "To the lessons" }).click();
  await expect(page).toHaveURL(/\/$/);
});
