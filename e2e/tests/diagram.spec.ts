// The picture follows every command, for eyes and for ears.
import { expect, test } from "../support/test.ts";

/** From the engine's change to the picture, with the time that a busy machine needs to draw. */
const FOLLOWS_WITHIN_MS = 2_000;

test("the picture follows a pull, a run, a tag, a stop and a removal", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.start();
  const { diagram, terminal } = lesson;
  const inWords = diagram.getByTestId("host-text");
  const containers = inWords.getByRole("list").first();
  const images = inWords.getByRole("list").nth(1);
  const soon = { timeout: FOLLOWS_WITHIN_MS };

  await expect(containers).toHaveText("none");
  await terminal.run("docker pull nginx");
  await expect(images).toContainText("nginx:latest", soon);
  await terminal.run("docker run -d --name web -p 8080:80 nginx");
  await expect(containers).toContainText("web", soon);
  await expect(containers).toContainText("running", soon);
  await expect(containers).toContainText("8080", soon);
  await terminal.run("docker tag nginx soup:2");
  await expect(images).toContainText("soup:2", soon);
  await terminal.run("docker stop web");
  await expect(containers).not.toContainText("running", soon);
  await terminal.run("docker rm web");
  await expect(containers).toHaveText("none", soon);

  // The picture itself: everything in it has a name, and the arrow keys walk through it.
  const picture = diagram.getByRole("group", { name: /^Picture of/ });
  await picture.focus();
  await page.keyboard.press("ArrowRight");
  await expect(picture.locator("[data-item]:focus")).toHaveAttribute("aria-label", /\S/);
});

test("an image that others share layers with is drawn with them once", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.start();
  await lesson.terminal.run("docker pull -q ubuntu");
  await lesson.terminal.run("docker pull -q redis");
  const shared = await lesson.terminal.run("docker inspect -f '{{index .RootFS.Layers 0}}' ubuntu redis | sort -u | wc -l");
  expect(shared, "both stand on the same layer").toBe("1");
  const layers = Number(await lesson.terminal.run("docker inspect -f '{{range .RootFS.Layers}}{{println .}}{{end}}' ubuntu redis | sort -u | grep -c sha256"));
  await expect(lesson.diagram.locator('[data-item="layer"], [data-item^="layer"]')).toHaveCount(layers);
});

test("the picture can be read as text by everybody", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.start();
  await lesson.terminal.run("docker pull -q alpine");
  const button = lesson.diagram.getByRole("button", { name: "As text" });
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "true");
  await expect(lesson.diagram.getByText("alpine:latest").first()).toBeInViewport();
});
