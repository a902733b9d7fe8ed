// The main job: somebody new learns what an image is, by doing it.
import { LESSON } from "../support/lesson-page.ts";
import { type Learner, expect, test } from "../support/test.ts";

/** As a visit of the lesson shows it. */
async function nginxPage({ context, lesson }: Learner, port: number): Promise<string> {
  const opened = context.waitForEvent("page");
  await lesson.ports.getByRole("link", { name: `Open ${port} of` }).click();
  const preview = await opened;
  await expect(preview.getByRole("heading", { name: "Welcome to nginx!" })).toBeVisible();
  const url = preview.url();
  await preview.close();
  return url;
}

test("a new learner does the whole hands-on lab by typing", async ({ learner }) => {
  const { lesson } = learner;

  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  expect(await lesson.terminal.run("docker images -q"), "a fresh host has no image").toBe("");
  await lesson.expectAllGoals("not yet");
  await lesson.terminal.run("docker pull nginx");
  await lesson.terminal.expectText("Status: Downloaded newer image for nginx:latest");
  await lesson.expectAllGoals("done");
  await lesson.expectStepDone();

  await lesson.next();
  await expect(lesson.title).toHaveText(/^List/);
  await lesson.expectAllGoals("not yet");
  const listed = await lesson.terminal.run("docker images");
  expect(listed).toMatch(/^REPOSITORY\s+TAG\s+IMAGE ID\s+CREATED\s+SIZE\nnginx\s+latest\s/);
  await lesson.expectAllGoals("done");
  await lesson.expectStepDone();

  await lesson.next();
  await expect(lesson.title).toHaveText(/^Inspect/);
  await lesson.terminal.run("docker inspect nginx");
  await lesson.expectAllGoals("done");
  await lesson.answerQuestions();
  await lesson.expectStepDone();

  await lesson.next();
  await expect(lesson.title).toHaveText(/^Run a container$/);
  await lesson.terminal.run("docker run -d -p 8080:80 nginx");
  await lesson.expectAllGoals("done");
  await lesson.expectStepDone();
  expect(await lesson.terminal.run("curl -s localhost:8080 | grep '<title>'")).toContain("Welcome to nginx!");
  const url = await nginxPage(learner, 8080);
  expect(new URL(url).origin, "the preview has an origin of its own").not.toBe(new URL(learner.page.url()).origin);

  expect(await lesson.stepsDone()).toBe(4);
});

test("other ways of doing it count as well", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await lesson.terminal.run("docker image pull docker.io/library/nginx:latest");
  await lesson.expectAllGoals("done");

  await lesson.goToStep(/^List/);
  await lesson.terminal.run("docker image ls --format '{{.Repository}}'");
  await lesson.expectAllGoals("done");

  await lesson.goToStep(/^Inspect/);
  await lesson.terminal.run("docker image inspect -f '{{.Id}}' nginx:latest");
  await lesson.expectAllGoals("done");

  await lesson.goToStep(/^Run a container$/);
  await lesson.terminal.run("docker container run --detach --name kitchen --publish 8080:80/tcp nginx:latest");
  await lesson.expectAllGoals("done");
});

test("the practice exercise is checked task by task", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.goToStep(/^Pull three images/);
  await lesson.start();
  for (const image of ["ubuntu", "alpine", "redis"]) {
    await lesson.expectStepOpen();
    await lesson.terminal.run(`docker pull -q ${image}`);
  }
  await lesson.expectAllGoals("done");
  await lesson.expectStepDone();

  await lesson.next();
  await lesson.terminal.run("docker images");
  await lesson.expectAllGoals("done");
  await lesson.answerQuestions();
  await lesson.expectStepDone();

  await lesson.next();
  await lesson.terminal.run("docker run ubuntu");
  await lesson.terminal.run("docker run alpine");
  await lesson.terminal.run("docker run -d redis");
  await lesson.expectAllGoals("done");
  await lesson.answerQuestions();
  await lesson.expectStepDone();

  await lesson.next();
  await lesson.terminal.run("docker inspect -f '{{.Size}}' alpine ubuntu");
  await lesson.terminal.run("docker history alpine");
  await lesson.expectAllGoals("done");
  await lesson.answerQuestions();
  await lesson.expectStepDone();
});

test("a reset gives a fresh host and keeps the progress", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await lesson.terminal.run("docker pull nginx");
  await lesson.terminal.run("docker run -d --name dish nginx && touch letter");
  await lesson.terminal.run("docker tag nginx registry.lunchbox/mine:1 && docker push -q registry.lunchbox/mine:1");
  await lesson.expectStepDone();

  await expect(await lesson.askRestart()).toContainText("so is what you pushed to registry.lunchbox");
  await lesson.page.keyboard.press("Escape");
  await lesson.reset();
  await expect(lesson.terminal.element.getByRole("textbox"), "one goes on in the fresh shell").toBeFocused();

  expect(await lesson.terminal.run("docker ps -aq; docker images -q; ls"), "nothing of before is there").toBe("");
  expect(await lesson.terminal.run("docker pull registry.lunchbox/mine:1 2>&1"), "and what was pushed is gone, as it was said").toMatch(/denied|not found/);
  await lesson.expectStepUndone();
  await lesson.expectAllGoals("undone again");
  expect(await lesson.stepsDone()).toBe(1);
});

test("who comes back finds their step, their progress and their host", async ({ learner, newLearner }) => {
  const { context, lesson } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await lesson.terminal.run("docker pull nginx");
  await lesson.expectStepDone();
  await lesson.next();
  await expect(lesson.title).toHaveText(/^List/);
  await lesson.terminal.run("docker run -d --name dish nginx");
  const sandbox = await lesson.sandbox();
  const cookies = await context.storageState();
  for (const cookie of cookies.cookies) {
    expect(cookie.expires, `the cookie ${cookie.name} outlives the browser`).toBeGreaterThan(Date.now() / 1000);
  }
  await context.close();

  const again = await newLearner({ storageState: cookies });
  await again.page.goto("/");
  await again.lesson.hydrated();
  await expect(again.page.getByRole("article").filter({ hasText: LESSON })).toContainText(/1 of \d+ steps done/);
  await again.page.getByRole("link", { name: LESSON }).click();
  await expect(again.lesson.title).toHaveText(/^List/);
  expect(await again.lesson.stepsDone()).toBe(1);
  await again.lesson.terminal.waitForPrompt();
  expect(await again.lesson.sandbox()).toBe(sandbox);
  expect(await again.lesson.terminal.run("docker ps --format '{{.Names}}'")).toBe("dish");
});
