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

test("an image that no registry has is to be built, and the way there is shown", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.goToStep(/^Layers$/);
  await lesson.start();
  const inside = page.getByRole("region", { name: "Inside alpine and soup" });
  await expect(inside.getByRole("button", { name: "docker pull alpine" })).toBeVisible();
  await expect(inside.getByRole("button", { name: "docker pull soup" }), "a pull that can only fail is not offered").toHaveCount(0);
  await expect(inside).toContainText("soup is not on your host yet, and no registry has it to pull: you build it yourself.");
  await inside.getByRole("button", { name: "Show me where" }).click();
  const build = page.getByRole("button", { name: "Run: docker build -t soup ." }).first();
  await expect(build).toBeFocused();
  await expect(build).toBeInViewport();
  expect(await lesson.terminal.run("docker pull soup 2>&1")).toContain("pull access denied for soup");
});

test("a picture wider than its pane has a sign that leads on", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.start();
  const sign = lesson.diagram.getByText("more ›");
  await expect(sign).toBeHidden();
  await lesson.terminal.run("for image in alpine busybox nginx python redis ubuntu; do docker pull -q $image; done; docker run -d nginx; docker run -d nginx");
  await expect(sign).toBeVisible();
  const pane = (await lesson.diagram.boundingBox()) ?? { x: 0, width: 0 };
  const rightmost = (): Promise<number> =>
    lesson.diagram.locator('[data-item="image"]').evaluateAll((images) => Math.max(...images.map((image) => image.getBoundingClientRect().right)));
  expect(await rightmost()).toBeGreaterThan(pane.x + pane.width);
  while (await sign.isVisible()) await sign.click();
  await expect.poll(rightmost).toBeLessThanOrEqual(pane.x + pane.width);
  await expect(lesson.diagram.getByText("‹ more")).toBeVisible();
});

test("an image that lost its name says why, and one layer is one layer", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.start();
  for (const taste of ["salt", "pepper"]) {
    await lesson.terminal.run(`printf 'FROM alpine\\nRUN echo ${taste} >/taste\\n' | docker build -q -t soup - 2>/dev/null`);
  }
  const images = lesson.diagram.locator('[data-item="image"]');
  await expect(images.filter({ hasText: "<none>" })).toHaveAttribute("aria-label", /its name went to a newer image or was removed; docker image prune/);
  await expect(images.filter({ hasText: "<none>" })).toContainText("no name");
  await lesson.terminal.run("docker pull -q busybox");
  await expect(images.filter({ hasText: "busybox" })).toHaveAttribute("aria-label", /in 1 layer\b(?!s)/);
});

test("stand-ins are spoken of where their sizes are compared", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.goToStep(/^Why alpine/);
  // Where Docker Hub could be reached at set-up, there are none.
  const standIns = await lesson.diagram.getByText("Stand-in images").isVisible();
  const note = page.getByText(/^In this classroom alpine and ubuntu are small stand-ins,/);
  await expect(note).toHaveCount(standIns ? 1 : 0);
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
