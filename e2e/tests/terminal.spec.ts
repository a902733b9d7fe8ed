// The terminal in the page: a real shell that stays.
import { expect, test } from "../support/test.ts";

test("a click on a command types and runs it", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await page.locator('[data-run="docker pull nginx"]').first().click();
  await lesson.terminal.expectText("# docker pull nginx");
  await lesson.terminal.waitForPrompt();
  await lesson.terminal.expectText("Status: Downloaded newer image for nginx:latest");
  await lesson.expectStepDone();
  // One goes on typing where the command ran.
  await page.keyboard.type("echo here");
  await lesson.terminal.waitForEcho("echo here");
});

test("a command clicked before there is a host says what to do first", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.goToStep(/^Pull an image/);
  await page.locator('[data-run="docker pull nginx"]').first().click();
  await expect(page.getByText(/Start yours first/)).toBeVisible();
});

test("the screen and the shell survive a reload of the page", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.start();
  await lesson.terminal.run("fruit=apple; cd /tmp; echo a line to keep");
  await page.reload();
  await lesson.hydrated();
  await lesson.terminal.waitForPrompt();
  await lesson.terminal.expectText(/^a line to keep$/m);
  expect(await lesson.terminal.run("echo $fruit $PWD")).toBe("apple /tmp");
});

test("the shell knows the size of the terminal, and learns when it changes", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.start();
  const columns = async (): Promise<number> => Number((await lesson.terminal.run("tput cols")).trim());
  const before = await columns();
  await page.setViewportSize({ width: 1600, height: 900 });
  await expect.poll(columns).toBeGreaterThan(before);
});

test("docker's names are completed, and the colours of a real terminal are there", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.start();
  await lesson.terminal.focus();
  await page.keyboard.type("docker pul");
  await lesson.terminal.waitForEcho("docker pul");
  await page.keyboard.press("Tab");
  await lesson.terminal.waitForEcho("docker pull");
  await page.keyboard.press("Control+c");
  await lesson.terminal.run(String.raw`printf '\e[31mred\e[0m\n'`);
  await expect(lesson.terminal.element.locator(".xterm-fg-1", { hasText: /^red$/ })).toBeVisible();
});

test("a full-screen program, Ctrl-C and a pager work as in any terminal", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.start();
  await lesson.terminal.focus();
  await page.keyboard.type("sleep 1000\n");
  await lesson.terminal.waitForEcho("sleep 1000");
  await page.keyboard.press("Control+c");
  await lesson.terminal.waitForPrompt();
  await page.keyboard.type("seq 500 | less\n");
  await lesson.terminal.expectText(/^1$/m);
  await page.keyboard.press("Shift+G");
  await lesson.terminal.expectText(/^500$/m);
  await page.keyboard.press("q");
  await lesson.terminal.waitForPrompt();
});

test("an interactive container is used like any shell", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.start();
  await lesson.terminal.focus();
  await page.keyboard.type("docker run -it --rm --hostname inside alpine\n");
  await lesson.terminal.expectText(/\/ # $|\/ #$/m);
  await page.keyboard.type("cat /etc/hostname\n");
  await lesson.terminal.expectText(/^inside$/m);
  await page.keyboard.press("Control+d");
  await lesson.terminal.waitForPrompt();
  expect(await lesson.terminal.run("docker ps -aq")).toBe("");
});
