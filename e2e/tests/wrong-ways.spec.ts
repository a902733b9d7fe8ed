// A check that fails says what it looked for and what it found; help comes a little at a time.
import { expect, test } from "../support/test.ts";

test("a container on the wrong port is told so", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.goToStep(/^Run a container$/);
  await lesson.start();
  await lesson.terminal.run("docker run -d -p 8081:80 nginx");
  const goal = lesson.goals.getByRole("listitem").first();
  await expect(goal).toContainText("8081");
  await expect(goal).toContainText("not yet");
  await expect(goal.getByText(/8081.*8080/)).toBeVisible();
  await lesson.expectStepOpen();

  await lesson.terminal.run("docker rm -f $(docker ps -q) && docker run -d -p 8080:80 nginx");
  await lesson.expectAllGoals("done");
});

test("the wrong image and a stopped container are told apart", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.goToStep(/^Run a container$/);
  await lesson.start();
  const goal = lesson.goals.getByRole("listitem").first();
  await lesson.terminal.run("docker run -d -p 8080:6379 redis");
  await lesson.check();
  await expect(goal).toContainText("nginx");
  await expect(goal).toContainText("not yet");
  await lesson.terminal.run("docker rm -f $(docker ps -q); docker run -d -p 8080:80 nginx && docker stop $(docker ps -q)");
  await expect(goal).toContainText(/undone again|not yet/);
  await expect(goal).toContainText(/exited|stopped|not running/);
});

test("a goal that was reached and undone says so, and so does the step; the progress is kept", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await lesson.terminal.run("docker pull nginx");
  await lesson.expectStepDone();
  await lesson.terminal.run("docker image rm nginx");
  await lesson.expectAllGoals("undone again");
  await lesson.expectStepUndone();
  await expect(lesson.summary).toContainText("Undone again: The image nginx:latest is on your host");
  expect(await lesson.stepsDone()).toBe(1);
  await lesson.terminal.run("docker pull -q nginx");
  await lesson.expectAllGoals("done");
  await lesson.expectStepDone();
});

test("checking by the button counts the tries", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await lesson.check();
  await expect(lesson.goals).toContainText("Checked once");
  await lesson.check();
  await expect(lesson.goals).toContainText("Checked 2 times");
  await lesson.expectAllGoals("not yet");
});

test("hints come one at a time, and after the last of them the solution", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.goToStep(/^Run a container$/);
  const { help } = lesson;
  const solution = help.getByRole("heading", { name: "Solution" });
  await help.getByRole("button", { name: "Show a hint" }).click();
  await expect(help.getByRole("heading", { name: /^Hint \d/ })).toHaveCount(1);
  let shown = 1;
  while (await help.getByRole("button", { name: /^Show another hint/ }).isVisible()) {
    await expect(solution).toBeHidden();
    await help.getByRole("button", { name: /^Show another hint/ }).click();
    shown += 1;
    await expect(help.getByRole("heading", { name: /^Hint \d/ })).toHaveCount(shown);
  }
  await help.getByRole("button", { name: "Show the solution" }).click();
  await expect(solution).toBeVisible();
  await expect(help.getByText("docker run -d -p 8080:80 nginx").first()).toBeVisible();
  await expect(help.getByRole("button", { name: /^Show/ })).toHaveCount(0);

  // They are still there after a reload.
  await learner.page.reload();
  await expect(help.getByRole("heading", { name: /^Hint \d/ })).toHaveCount(shown);
  await expect(solution).toBeVisible();
});

test("a wrong answer says where to look, and can be mended", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.goToStep(/^Inspect/);
  await lesson.start();
  await lesson.terminal.run("docker pull -q nginx");
  const question = lesson.questions.locator("[data-question]").filter({ hasText: "On which port" });
  await question.getByRole("textbox").fill("8080");
  await question.getByRole("button", { name: "Answer" }).click();
  await expect(question.getByText("Not quite.")).toBeVisible();
  await expect(question).toContainText("ExposedPorts");
  await lesson.expectStepOpen();
  await lesson.terminal.run("docker inspect -f '{{.Config.ExposedPorts}}' nginx");
  await lesson.answerQuestions();
  await expect(question.getByText("Not quite.")).toBeHidden();
  await lesson.expectStepDone();
});
