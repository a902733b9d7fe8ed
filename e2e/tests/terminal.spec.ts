// The terminal in the page: a real shell that stays.
import type { Locator } from "@playwright/test";

import { expect, test } from "../support/test.ts";

/** The command's button in the lesson's text. */
const PULL = '.step__text [data-run="docker pull nginx"]';

async function box(locator: Locator): Promise<{ top: number; bottom: number }> {
  const { y, height } = (await locator.boundingBox()) ?? { y: Number.NaN, height: Number.NaN };
  return { top: y, bottom: y + height };
}

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

test("a command clicked while another runs waits for its end, says so, and can be typed all the same", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await page.keyboard.type("sleep 600\n");
  await lesson.terminal.expectText("sleep 600");
  await page.locator(PULL).first().click();
  await expect(page.getByText("A command still runs in the terminal; Ctrl+C ends it, or else a new shell under “Restart…”. Then it types “docker pull nginx”.")).toBeVisible();
  await lesson.expectStepOpen();
  await page.keyboard.press("Control+c");
  await lesson.terminal.expectText("Status: Downloaded newer image for nginx:latest");
  await expect(page.getByText(/A command still runs/)).toBeHidden();
  await lesson.expectStepDone();
  await lesson.terminal.waitForPrompt();

  // What reads its input, with or without a word, can have it.
  await page.keyboard.type("cat\n");
  await page.locator(PULL).first().click();
  await page.getByRole("button", { name: "Type it now" }).click();
  await lesson.terminal.expectText("docker pull nginx\ndocker pull nginx");
  await page.keyboard.press("Control+c");
  await lesson.terminal.waitForPrompt();

  // A shell in a container has a prompt of its own.
  await page.keyboard.type("docker run -it --rm --hostname box nginx bash\n");
  await lesson.terminal.expectText(/root@box:\/# ?$/);
  await page.locator(PULL).first().click();
  await lesson.terminal.expectText("docker: command not found");
  await page.keyboard.type("exit\n");
  await lesson.terminal.waitForPrompt();
});

test("a command clicked before there is a host says what to do first, and follows by itself", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.goToStep(/^Pull an image/);
  await page.locator(PULL).first().click();
  await expect(page.getByText(/Start yours first/)).toContainText("docker pull nginx");
  await expect(page.getByRole("button", { name: "Start", exact: true })).toBeFocused();
  await page.keyboard.press("Enter");
  await lesson.terminal.expectText("Status: Downloaded newer image for nginx:latest");
  await lesson.expectStepDone();
});

test("who starts a host goes on in its shell", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.start();
  await page.keyboard.type("echo here");
  await lesson.terminal.waitForEcho("echo here");
});

test("a terminal that is open in another window says so, and a command clicked meanwhile takes it back when asked", async ({ learner }) => {
  const { context, lesson, page } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await lesson.terminal.run("fruit=apple");
  const other = await context.newPage();
  await other.goto(page.url());
  await expect(page.getByText("Your terminal is open in another window now.")).toBeVisible();

  await page.locator(PULL).first().click();
  await expect(page.getByText(/Not run yet: “docker pull nginx”/)).toBeVisible();
  const takeBack = page.getByRole("button", { name: "Take it back and run it" });
  await expect(takeBack).toBeFocused();
  await expect(other.getByText(/open in another window/), "nothing is taken unasked").toBeHidden();

  await page.keyboard.press("Enter");
  await lesson.terminal.expectText("Status: Downloaded newer image for nginx:latest");
  await expect(page.getByText(/open in another window/)).toBeHidden();
  await expect(other.getByText("Your terminal is open in another window now.")).toBeVisible();
  expect(await lesson.terminal.run("echo $fruit"), "it is the same shell").toBe("apple");
});

test("a command clicked after the shell has ended gets a new shell", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await page.keyboard.type("exit\n");
  await expect(page.getByText("The terminal was closed: the shell has ended.")).toBeVisible();
  await page.locator(PULL).first().click();
  await lesson.terminal.expectText("Status: Downloaded newer image for nginx:latest");
  await lesson.expectStepDone();
});

test("while the line is lost a clicked command waits, typing is not swallowed silently, and no word covers the screen", async ({ newLearner }) => {
  const { lesson, page } = await newLearner();
  const line = { isDown: false, cut: () => {} };
  await page.routeWebSocket(/\/api\/terminal/, (socket) => {
    if (line.isDown) void socket.close();
    else socket.connectToServer();
    line.cut = () => void socket.close();
  });
  await lesson.openFromHome();
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await lesson.terminal.run("seq 100");
  const pageHeight = (): Promise<number> => page.evaluate(() => document.documentElement.scrollHeight);
  const height = await pageHeight();
  const pane = await box(page.getByRole("region", { name: "Terminal" }));

  line.isDown = true;
  line.cut();
  const notice = page.getByText(/The line is lost/);
  await page.keyboard.type("x");
  await expect(notice).toContainText("What you type now is not sent.");
  await page.locator(PULL).first().click();
  await expect(notice).toContainText("Then it types “docker pull nginx”.");
  const [said, shown] = [await box(notice), await box(lesson.terminal.element.locator(".xterm-screen"))];
  expect(said.top, "it stands below the screen").toBeGreaterThanOrEqual(shown.bottom);
  expect(await box(page.getByRole("region", { name: "Terminal" })), "and the page stays where it is").toEqual(pane);
  expect(await pageHeight()).toBe(height);

  line.isDown = false;
  await lesson.terminal.expectText("Status: Downloaded newer image for nginx:latest");
  await expect(notice).toBeHidden();
  await lesson.expectStepDone();
});

test("a new shell ends what ignores Ctrl+C, by keyboard alone, and files and containers stay", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await lesson.terminal.run("docker run -d --name dish nginx && touch letter && fruit=apple");
  const sandbox = await lesson.sandbox();
  const deaf = "trap '' INT HUP TERM; while :; do sleep 1; done";
  await page.keyboard.type(`${deaf}\n`);
  await lesson.terminal.expectText(deaf);
  await page.keyboard.press("Control+c");
  await page.keyboard.type("touch typed-in-vain\n");
  await lesson.terminal.expectText(/^\^Ctouch typed-in-vain$/m);

  await page.keyboard.press("F6");
  const restart = page.getByRole("button", { name: "Restart…" });
  for (let presses = 0; presses < 80 && !(await restart.evaluate((one) => one === document.activeElement)); presses += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "A new shell, or a fresh host?" });
  await expect(dialog.getByRole("button", { name: "Keep both" }), "nothing is ended by a key too many").toBeFocused();
  await expect(dialog).toHaveAccessibleDescription(/New shell: what runs in the terminal is ended.*Files, images and containers stay/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await lesson.terminal.waitForPrompt(3_000);
  await expect(lesson.terminal.element.getByRole("textbox"), "one goes on in the new shell").toBeFocused();
  expect(await lesson.sandbox(), "the host is the same").toBe(sandbox);
  expect(await lesson.terminal.screen(), "on an empty screen").not.toContain(deaf);
  expect(await lesson.terminal.run("echo [$fruit]; ls; docker ps --format '{{.Names}}'")).toBe("[]\nletter\ndish");
  await expect.poll(() => lesson.terminal.run("ps -e -o args= | grep -c '[s]leep 1'"), "what was deaf is gone").toBe("0");
});

test("a new shell leaves a full-screen program's screen, and what was clicked meanwhile runs in it", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.goToStep(/^Pull an image/);
  await lesson.start();
  await page.keyboard.type("seq 500 | less\n");
  await lesson.terminal.expectText(/^1$/m);
  await (await lesson.askRestart()).getByRole("button", { name: "New shell" }).click();
  await lesson.terminal.waitForPrompt(3_000);

  await page.keyboard.type("sleep 600\n");
  await lesson.terminal.expectText("sleep 600");
  await page.locator(PULL).first().click();
  await expect(page.getByText(/A command still runs/)).toBeVisible();
  await (await lesson.askRestart()).getByRole("button", { name: "New shell" }).click();
  await lesson.terminal.expectText("Status: Downloaded newer image for nginx:latest");
  await expect(page.getByText(/A command still runs/)).toBeHidden();
  await lesson.expectStepDone();
});

test("a new shell is had where the terminal is closed, or open in another window", async ({ learner }) => {
  const { context, lesson, page } = learner;
  await lesson.start();
  await page.keyboard.type("exit\n");
  await expect(page.getByText("The terminal was closed: the shell has ended.")).toBeVisible();
  await (await lesson.askRestart()).getByRole("button", { name: "New shell" }).click();
  await lesson.terminal.run("fruit=apple");

  const other = await context.newPage();
  await other.goto(page.url());
  await expect(page.getByText("Your terminal is open in another window now.")).toBeVisible();
  await (await lesson.askRestart()).getByRole("button", { name: "New shell" }).click();
  await expect(page.getByText(/open in another window/)).toBeHidden();
  expect(await lesson.terminal.run("echo [$fruit]")).toBe("[]");
});

test("the panel says which keys copy and paste, and that there is no internet", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.start();
  await expect(lesson.terminal.element).toContainText("Ctrl+Shift+C copy");
  await expect(lesson.terminal.element).toContainText("Ctrl+Shift+V paste");
  await expect(lesson.terminal.element).toContainText("No internet in here");
  expect(await lesson.terminal.run("curl -sS -m 10 https://example.org 2>&1 | head -1"), "and so it is").toMatch(/^curl: \(\d+\)/);
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

test("Ctrl-C ends a flood at once", async ({ learner }) => {
  const { lesson, page } = learner;
  await lesson.start();
  await lesson.terminal.focus();
  await page.keyboard.type("yes\n");
  // All that the terminal keeps is full of it: the flood has gone on for a while, and is going on.
  await expect.poll(async () => (await lesson.terminal.lines()).filter((line) => line === "y").length).toBeGreaterThan(4_000);
  // Measured in the page, from the key to what is seen: looking from outside would slow it down.
  const measured = await page.evaluateHandle(() => {
    const took = new Promise<number>((resolve) => {
      const look = (pressed: number): void => {
        const rows = [...document.querySelectorAll("lunchbox-terminal .xterm-rows > div")].map((row) => row.textContent?.trim() ?? "");
        if (/@lunchbox:.*[#$]$/.test(rows.findLast((row) => row !== "") ?? "")) resolve(performance.now() - pressed);
        else requestAnimationFrame(() => look(pressed));
      };
      const onKey = (event: KeyboardEvent): void => void (event.key === "c" && look(event.timeStamp));
      document.addEventListener("keydown", onKey, { capture: true });
    });
    return { took };
  });
  await page.keyboard.press("Control+c");
  const took = Math.round(await measured.evaluate(({ took }) => took));
  expect(took, `the prompt was back after ${took} ms`).toBeLessThan(500);
  expect(await lesson.terminal.run("echo here")).toBe("here");
});
