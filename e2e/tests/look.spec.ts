// Every size it is made for, light and dark: nothing is cut off, everything is reachable, and no
// rule of accessibility is broken.
import type { Page } from "@playwright/test";

import { SIZES, THEMES, expectNoSidewaysScroll, violations } from "../support/accessibility.ts";
import { steps } from "../support/steps.ts";
import { type Learner, expect, test } from "../support/test.ts";

/** A lesson at work: an image, a running container, a stopped one. */
async function atWork({ lesson }: Learner): Promise<void> {
  await lesson.goToStep(/^Run a container$/);
  await lesson.start();
  await lesson.terminal.run("docker run -d --name web -p 8080:80 nginx && docker run --name hello hello-world");
  await expect(lesson.diagram).toContainText("web");
}

for (const theme of THEMES) {
  for (const { name, width, height } of SIZES) {
    test.describe(`${name}, ${theme}`, () => {
      test.use({ colorScheme: theme, viewport: { width, height } });

      test("the home page fits and is accessible", async ({ newLearner }) => {
        const { page, lesson } = await newLearner();
        await page.goto("/");
        await lesson.hydrated();
        await expectNoSidewaysScroll(page);
        expect(await violations(page)).toEqual([]);
      });

      test("the lesson page at work fits and is accessible", async ({ learner }) => {
        const { page, lesson } = learner;
        await atWork(learner);
        await expectNoSidewaysScroll(page);
        for (const part of [lesson.title, lesson.terminal.element, lesson.diagram]) await expect(part).toBeVisible();
        expect(await violations(page)).toEqual([]);
      });
    });
  }
}

// A phone, and a window at the side of a screen.
for (const width of [390, 640]) {
  test.describe(`${width} pixels wide`, () => {
    test.use({ viewport: { width, height: 844 } });

    test("the home page and every step fit without a sideways scroll", async ({ newLearner }) => {
      const { page, lesson } = await newLearner();
      await page.goto("/");
      await lesson.hydrated();
      await expectNoSidewaysScroll(page);
      for (const step of steps()) {
        await lesson.open(step);
        await expectNoSidewaysScroll(page);
      }
    });

    test("a command that is clicked brings the terminal into view", async ({ learner }) => {
      const { page, lesson } = learner;
      await lesson.goToStep(/^Pull an image/);
      await lesson.start();
      const command = page.locator('.step__text [data-run="docker pull nginx"]').first();
      await command.evaluate((one) => one.scrollIntoView({ block: "center" }));
      await expect(lesson.terminal.element).not.toBeInViewport();
      await command.click();
      await expect(lesson.terminal.element).toBeInViewport({ ratio: 0.95 });
      await lesson.terminal.expectText("docker pull nginx");
    });

    test("a table of the lesson breaks no word, and scrolls in itself", async ({ newLearner }) => {
      const { page, lesson } = await newLearner();
      let tables = 0;
      for (const step of steps()) {
        await lesson.open(step);
        tables += await page.locator(".prose table").count();
        const broken = await page.evaluate(() => {
          const found: string[] = [];
          const range = document.createRange();
          for (const cell of document.querySelectorAll(".prose :is(th, td)")) {
            const texts = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
            for (let node = texts.nextNode(); node; node = texts.nextNode()) {
              for (const word of node.textContent?.matchAll(/[^\s-]+/g) ?? []) {
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                if (range.getClientRects().length > 1) found.push(word[0]);
              }
            }
          }
          return found;
        });
        expect(broken, step).toEqual([]);
        await expectNoSidewaysScroll(page);
      }
      expect(tables, "there are some").toBeGreaterThan(1);
    });

    test("the lesson page at work fits, and every control is on it", async ({ learner }) => {
      const { page, lesson } = learner;
      await atWork(learner);
      await expectNoSidewaysScroll(page);
      for (const name of ["Next", "Check", "Restart…", "As text"]) {
        const box = await page.getByRole(name === "Next" ? "link" : "button", { name }).boundingBox();
        expect(box && box.x >= 0 && box.x + box.width <= width, `${name} is in the window`).toBe(true);
      }
      await expect(lesson.title).toBeVisible();
    });
  });
}

test("the goal at the foot of the lesson is whole, however long it is", async ({ newLearner }) => {
  const { page, lesson } = await newLearner();
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 720 });
    for (const step of steps()) {
      await lesson.open(step);
      const cut = await page.locator(".summary__text").evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent));
      expect(cut, `${step} at ${width} pixels`).toEqual([]);
      await expect(page.getByRole("link", { name: /^(Next|All lessons)$/ })).toBeInViewport({ ratio: width < 1000 ? 0 : 1 });
    }
  }
});

test("what is still to do is in sight wherever one reads, and a click leads to it", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.goToStep(/^Layers$/);
  await expect(lesson.goals).not.toBeInViewport();
  await expect(lesson.summary).toBeInViewport({ ratio: 1 });
  await expect(lesson.summary).toHaveText("Goal: You have looked at the history of the image python");
  await lesson.summary.click();
  await expect(lesson.goals.getByRole("heading")).toBeInViewport();
  await lesson.start();
  await lesson.terminal.run("docker pull -q python && docker history -q python");
  await expect(lesson.summary).toHaveText("Goal: You have built an image named soup");
});

test("what is said to an answer is in sight, and so is all of a command's option", async ({ learner }) => {
  const { page, lesson } = learner;
  await lesson.goToStep(/^Inspect/);
  const form = lesson.questions.locator("[data-question]").first();
  await form.getByRole("textbox").fill("12345");
  const button = form.getByRole("button", { name: "Answer" });
  await button.evaluate((button) => button.scrollIntoView(false));
  await button.click();
  await expect(form.locator(".feedback")).toBeInViewport({ ratio: 1 });
  const lines = await page.locator(".option").evaluateAll((all) => all.map((one) => one.getClientRects().length));
  expect(lines.length).toBeGreaterThan(0);
  expect(new Set(lines), "each is on one line").toEqual(new Set([1]));
});

/** Whatever of the terminal's pane reaches beyond it, apart from the row of ports, which scrolls by itself. */
function cutInTerminalPane(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const pane = document.querySelector(".pane.terminal");
    if (!pane) return ["there is no pane"];
    const { left, right, top, bottom } = pane.getBoundingClientRect();
    const parts = [...pane.querySelectorAll("h2, button, .ports, .terminal__tools, .terminal__body, .xterm-screen, .lbt__foot, .lbt__foot *")];
    return parts
      .map((part) => ({ part, box: part.getBoundingClientRect() }))
      .filter(({ box }) => box.width > 0)
      .filter(({ box }) => box.left < left || box.right > right || box.top < top || box.bottom > bottom)
      .map(({ part }) => part.outerHTML.slice(0, 80));
  });
}

test("three published ports cut nothing off in the terminal's pane, and more of them scroll in their row", async ({ learner }) => {
  const { page, lesson } = learner;
  await lesson.goToStep(/^Run a container$/);
  await lesson.start();
  const tools = page.getByRole("button", { name: "Restart…" });
  const before = { pane: await tools.boundingBox(), screen: await lesson.terminal.element.boundingBox() };
  const publish = (ports: number[]): Promise<string> =>
    lesson.terminal.run(ports.map((port) => `docker run -d --name web${port} -p ${port}:80 nginx`).join(" && "));
  const row = (): Promise<[number, number]> => lesson.ports.evaluate((ports): [number, number] => [ports.scrollWidth, ports.clientWidth]);

  await publish([8080, 8081, 8082]);
  await expect(lesson.ports.getByRole("link")).toHaveCount(3);
  expect(await cutInTerminalPane(page)).toEqual([]);
  const [needed, there] = await row();
  expect(needed, "three ports fit beside each other").toBeLessThanOrEqual(there);

  await publish([8083, 8084, 8085]);
  await expect(lesson.ports.getByRole("link")).toHaveCount(6);
  expect(await cutInTerminalPane(page)).toEqual([]);
  expect({ pane: await tools.boundingBox(), screen: await lesson.terminal.element.boundingBox() }, "nothing else has moved").toEqual(before);
  const last = lesson.ports.getByRole("link").last();
  await last.focus();
  await expect(last).toBeInViewport({ ratio: 1 });
});

test("no name in the picture runs into its neighbour", async ({ learner }) => {
  const { page, lesson } = learner;
  await lesson.goToStep(/^Layers$/);
  await lesson.start();
  await lesson.terminal.run("docker pull -q python && docker pull -q nginx");
  await lesson.terminal.run("printf 'FROM alpine\\nENV A=1\\n' | docker build -q -t soup - && docker tag soup broth");
  await lesson.terminal.run("printf 'FROM alpine\\nENV A=2\\n' | docker build -q -t soup:2 - && docker tag soup:2 registry.lunchbox/kitchen/soup:2");
  await lesson.terminal.run("docker run -d --name a_name_that_is_much_too_long_for_its_box alpine; docker run -d --name amber_babbage alpine");
  await expect(lesson.diagram.locator("[data-item=container]")).toHaveCount(2);
  const wider = await page.evaluate(() => {
    const texts = [...document.querySelectorAll<SVGTextElement>("[data-item=image] text, [data-item=container] .piece-one")];
    const box = (text: Element): DOMRect | undefined => text.parentElement?.querySelector(".piece-box")?.getBoundingClientRect();
    return texts.filter((text) => text.getBoundingClientRect().width > (box(text)?.width ?? 0)).map((text) => text.textContent);
  });
  expect(wider).toEqual([]);
  await expect(lesson.diagram.locator("[data-item=container]").first(), "in full for who asks").toHaveAttribute("aria-label", /a_name_that_is_much_too_long_for_its_box|amber_babbage/);
});

test("a chosen theme is kept", async ({ newLearner }) => {
  const { page, lesson } = await newLearner({ colorScheme: "light" });
  await page.goto("/");
  await lesson.hydrated();
  const toggle = page.getByRole("button", { name: /^Theme:/ });
  const root = page.locator("html");
  await expect(root).toHaveAttribute("data-theme", "light");
  while (!(await toggle.getAttribute("aria-label"))?.includes("dark")) await toggle.click();
  await expect(root).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(root).toHaveAttribute("data-theme", "dark");
});

test("the lessons can be read before any script has come", async ({ newLearner }) => {
  const { page } = await newLearner({ javaScriptEnabled: false });
  await page.goto("/");
  await page.getByRole("link", { name: /Docker images/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("region", { name: "Lesson", exact: true }).getByRole("paragraph").first()).toBeVisible();
});

test("an address that doesn't exist says so, with the way back", async ({ newLearner, complaints }) => {
  complaints.expect(/404/);
  const { page, lesson } = await newLearner();
  const answer = await page.goto("/lessons/no-such-lesson");
  expect(answer?.status()).toBe(404);
  await lesson.hydrated();
  await page.getByRole("link", { name: /Go to the lessons/ }).click();
  await expect(page).toHaveURL(/\/$/);
});
