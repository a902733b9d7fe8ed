// A lesson by the keyboard alone.
import type { Page } from "@playwright/test";

import { expect, test } from "../support/test.ts";

const PRESSES_AT_MOST = 80;

/** What has the focus, by role and name. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const element = document.activeElement;
    return element?.getAttribute("aria-label") ?? element?.textContent?.trim() ?? "";
  });
}

/** Presses Tab until that has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < PRESSES_AT_MOST; presses += 1) {
    await page.keyboard.press("Tab");
    const now = await focused(page);
    if (name.test(now)) return;
    passed.push(now);
  }
  throw new Error(`Tab doesn't reach ${name}; it went over: ${passed.join(" | ")}`);
}

test("a learner reaches the lesson, starts a host and runs a command without a mouse", async ({ newLearner }) => {
  const { page, lesson } = await newLearner();
  await page.goto("/");
  await lesson.hydrated();
  await tabTo(page, /^Skip to the content$/);
  await tabTo(page, /Docker images/);
  await page.keyboard.press("Enter");
  await expect(lesson.title).toBeVisible();
  await tabTo(page, /^Next/);
  await page.keyboard.press("Enter");
  await tabTo(page, /^Start$/);
  await page.keyboard.press("Enter");
  await lesson.terminal.waitForPrompt();
  await lesson.terminal.run("echo typed");
  // Tab belongs to the shell; F6 leads out.
  await page.keyboard.press("F6");
  await expect(lesson.title).toBeFocused();
});

test("the main controls are in the order of the Tab key, each with a name", async ({ learner }) => {
  const { page, lesson } = learner;
  await lesson.goToStep(/^Run a container$/);
  await lesson.start();
  await lesson.terminal.run("docker run -d --name web -p 8080:80 nginx");
  await expect(lesson.ports.getByRole("link")).toBeVisible();
  for (const name of [/^Lunchbox$/, /^Theme:/, /^Step 1:/, /^All steps/, /^Check$/, /^Show a hint/, /^Next/, /^Open 8080/, /^Restart…/]) {
    await page.locator("body").evaluate((body) => {
      (document.activeElement as HTMLElement | null)?.blur();
      // Where Tab begins: at the top of the page.
      body.setAttribute("tabindex", "-1");
      body.focus();
      body.removeAttribute("tabindex");
    });
    await tabTo(page, name);
  }
});

test("the panes are resized with the arrow keys", async ({ learner }) => {
  const { page } = learner;
  const bar = page.getByRole("separator", { name: "Width of the lesson" });
  const lesson = page.getByRole("region", { name: "Lesson", exact: true });
  const before = (await lesson.boundingBox())?.width ?? 0;
  await bar.focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(async () => (await lesson.boundingBox())?.width ?? 0).toBeGreaterThan(before);
});

test("the list of steps gives way: to Escape, to a click beside it, to another step", async ({ learner }) => {
  const { page, lesson } = learner;
  const button = page.getByRole("button", { name: "All steps" });
  const list = page.locator("#steps-list");
  const open = async (): Promise<void> => {
    await button.click();
    await expect(list).toBeVisible();
  };
  await open();
  await page.keyboard.press("Escape");
  await expect(list).toBeHidden();
  await expect(button).toBeFocused();

  await open();
  await page.getByRole("heading", { name: "Terminal" }).click();
  await expect(list).toBeHidden();

  for (const [way, title] of [["Next", "Layers"], ["Back", "What an image is"]] as const) {
    await open();
    await page.getByRole("link", { name: way }).click();
    await expect(lesson.title).toHaveText(title);
    await expect(list).toBeHidden();
  }

  await open();
  await page.keyboard.press("Shift+Tab");
  await expect(list, "on the way to the pips it stays").toBeVisible();
  await page.getByRole("link", { name: "Lunchbox" }).focus();
  await expect(list).toBeHidden();
});
