// Everybody shares one engine, and everybody believes they have their own.
import { type Learner, expect, test } from "../support/test.ts";

/** Both at once, as in a class. */
async function both<T>(learners: readonly Learner[], act: (learner: Learner, index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(learners.map(act));
}

test("two learners work at the same time and neither sees the other", async ({ newLearner }) => {
  const names = ["anna", "ben"];
  const learners = [await newLearner(), await newLearner()];
  await both(learners, async ({ lesson }) => {
    await lesson.openFromHome();
    await lesson.goToStep(/^Pull an image/);
    await lesson.start();
  });
  const [anna, ben] = learners as [Learner, Learner];
  expect(await anna.lesson.sandbox()).not.toBe(await ben.lesson.sandbox());

  await anna.lesson.terminal.run("docker pull nginx");
  await anna.lesson.expectStepDone();
  expect(await ben.lesson.terminal.run("docker images -aq"), "Ben doesn't see Anna's image").toBe("");
  await ben.lesson.expectAllGoals("not yet");

  // The same name and the same port, at the same time.
  await both(learners, async ({ lesson }, i) => {
    await lesson.terminal.run("docker run -d --name web -p 8080:80 nginx");
    await lesson.terminal.run(`docker exec web sh -c 'echo ${names[i]} >/usr/share/nginx/html/index.html'`);
    await lesson.terminal.run(`docker network create ${names[i]}-net && docker volume create ${names[i]}-data`);
  });
  await both(learners, async ({ lesson }, i) => {
    expect(await lesson.terminal.run("curl -s localhost:8080")).toBe(names[i]);
    expect(await lesson.terminal.run("docker ps -a --format '{{.Names}}'")).toBe("web");
    expect(await lesson.terminal.run("docker images --format '{{.Repository}}'")).toBe("nginx");
    expect(await lesson.terminal.run("docker volume ls -q")).toBe(`${names[i]}-data`);
    expect(await lesson.terminal.run("docker network ls --format '{{.Name}}' | grep net")).toBe(`${names[i]}-net`);
  });

  // Each preview shows the page of who opened it.
  await both(learners, async ({ context, lesson }, i) => {
    const opened = context.waitForEvent("page");
    await lesson.ports.getByRole("link", { name: "Open 8080 of web" }).click();
    await expect((await opened).locator("body")).toHaveText(names[i] ?? "");
  });

  // What one takes away is not missed by the other.
  await anna.lesson.terminal.run("docker rm -f web && docker image rm nginx");
  expect(await anna.lesson.terminal.run("docker images -aq")).toBe("");
  expect(await ben.lesson.terminal.run("curl -s localhost:8080")).toBe("ben");
});
