// What stands beside the board can be read, reached and left, also by keyboard; who may no longer see it is told so.
import { type Locator, type Page } from "@playwright/test";

import { expectNoSidewaysScroll } from "../support/accessibility.ts";
import { BoardPage, hydrated, joinClass, makeClass, signIn } from "../support/classroom.ts";
import { expect, test } from "../support/test.ts";

const SIZES = [
  { width: 1280, height: 720 },
  { width: 1920, height: 1080 },
];

/** Whether the middle of each edge of it is what one sees and presses there: in the window, and cut by nothing. */
function isWhole(part: Locator): Promise<boolean> {
  return part.evaluate((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    const edges: [number, number][] = [[left + 2, y], [right - 2, y], [x, top + 2], [x, bottom - 2]];
    return edges.every(([x, y]) => {
      const there = document.elementFromPoint(x, y);
      return there !== null && element.contains(there);
    });
  });
}

/** How far from the left each step's head stands. */
function heads(page: Page): Promise<number[]> {
  return page.locator(".head").evaluateAll((all) => all.map((head) => Math.round(head.getBoundingClientRect().left)));
}

test("all that can be done for a learner can be seen whole and reached", async ({ newLearner, complaints }) => {
  // Who was removed is looked at no longer.
  complaints.expect(/404/);
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "Beside the board");
  const { page } = await newLearner();
  await joinClass(page, room.code, "Hopper, Grace");
  const board = new BoardPage(teaching);
  for (const size of SIZES) {
    await teaching.setViewportSize(size);
    await board.open(room.id);
    const side = await board.look("Hopper, Grace");
    await side.getByRole("button", { name: "Note, link…" }).click();
    await side.getByRole("button", { name: "Make a new personal link" }).click();
    await expect(side.getByText("These are shown once, here and now.", { exact: false })).toBeVisible();
    for (const part of [side.getByLabel(/^A note/), side.getByRole("button", { name: "Send" }), side.getByRole("button", { name: "Remove from the class…" })]) {
      await part.scrollIntoViewIfNeeded();
      expect(await isWhole(part), `${await part.textContent()} at ${size.width} pixels`).toBe(true);
    }
  }
  const side = teaching.locator(".side");
  await side.getByRole("button", { name: "Remove from the class…" }).click();
  await expect(side.getByRole("dialog"), "how to keep somebody out").toContainText("they can join again: “New code…”");
  await side.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  const said = teaching.getByText("Hopper, Grace is removed, and deleted: 1 place in the class, 1 learner", { exact: false });
  await expect(said).toBeVisible();
  await expect(board.row("Hopper, Grace")).toHaveCount(0);
  await teaching.getByRole("button", { name: "Put away" }).click();
  await expect(said).toHaveCount(0);
});

test("what stands beside the board is left by Escape, moves no column, and keeps no Tab", async ({ newLearner }) => {
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "By keyboard");
  const { page, lesson } = await newLearner();
  await joinClass(page, room.code, "Hopper, Grace");
  await lesson.start();
  await page.getByRole("button", { name: "Raise hand" }).click();
  await expect(page.getByRole("button", { name: "Lower hand" }), "what another click does").toBeVisible();
  const board = new BoardPage(teaching);
  for (const size of SIZES) {
    await teaching.setViewportSize(size);
    await board.open(room.id);
    await expect(board.why("Hopper, Grace")).toHaveText("Hand up.");
    const before = await heads(teaching);
    const head = teaching.getByRole("button", { name: /^3/ });
    await head.click();
    await expect(teaching.locator("#side-title")).toBeFocused();
    expect(await heads(teaching), "columns stay where they are").toEqual(before);
    await teaching.keyboard.press("Escape");
    await expect(teaching.locator(".side")).toHaveCount(0);
    await expect(head).toBeFocused();

    const side = await board.look("Hopper, Grace");
    expect(await heads(teaching), "columns stay where they are").toEqual(before);
    const terminal = side.locator("lunchbox-terminal").getByRole("textbox");
    await terminal.focus();
    await teaching.keyboard.press("Tab");
    await expect(side.getByRole("button", { name: "Ask to type" })).toBeFocused();
    await terminal.focus();
    await teaching.keyboard.press("Escape");
    await expect(teaching.locator(".side")).toHaveCount(0);
    await expect(board.row("Hopper, Grace").locator("[data-cell]").first()).toBeFocused();

    // Wherever the focus is: beside the panel, or nowhere.
    await board.look("Hopper, Grace");
    await teaching.getByRole("button", { name: "Note to all…" }).focus();
    await teaching.keyboard.press("Escape");
    await expect(teaching.locator(".side")).toHaveCount(0);
    await board.look("Hopper, Grace");
    await expect(teaching.locator("#side-title")).toBeFocused();
    await teaching.locator("#side-title").blur();
    await teaching.keyboard.press("Escape");
    await expect(teaching.locator(".side")).toHaveCount(0);
  }
});

test("one learner's terminal can be seen over the whole page, and the board is back as it was", async ({ newLearner }) => {
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "From afar");
  const { page, lesson } = await newLearner();
  await joinClass(page, room.code, "Hopper, Grace");
  await lesson.start();
  const board = new BoardPage(teaching);
  for (const size of SIZES) {
    await teaching.setViewportSize(size);
    await board.open(room.id);
    const side = await board.look("Hopper, Grace");
    const terminal = side.locator(".watch__terminal");
    const width = async () => (await terminal.boundingBox())?.width ?? 0;
    const beside = await width();
    const wide = side.getByRole("button", { name: "Over the whole page" });
    await wide.click();
    await expect(wide).toHaveAttribute("aria-pressed", "true");
    await expect(teaching.locator(".board-pane")).toBeHidden();
    expect(await width(), "the terminal has more room").toBeGreaterThan(beside * 1.25);
    for (const part of [wide, side.getByRole("button", { name: "Close" }), side.getByRole("button", { name: "Ask to type" })]) {
      expect(await isWhole(part), `${await part.textContent()} at ${size.width} pixels`).toBe(true);
    }
    await expectNoSidewaysScroll(teaching);
    await wide.focus();
    await teaching.keyboard.press("Escape");
    await expect(teaching.locator(".board-pane")).toBeVisible();
    await expect(board.row("Hopper, Grace").locator("[data-cell]").first()).toBeFocused();
  }
});

test("who has signed out everywhere sees no board any more, in any browser", async ({ newLearner, complaints }) => {
  complaints.expect(/401/);
  const [{ page: here }, { page: there }] = [await newLearner(), await newLearner()];
  await signIn(here);
  await signIn(there);
  const room = await makeClass(here, "Signed out");
  await new BoardPage(there).open(room.id);
  await here.goto("/teach/account");
  await hydrated(here);
  await here.getByRole("button", { name: "Sign out everywhere" }).click();
  await expect(there).toHaveURL(/\/teach\/sign-in\?next=/);
  await expect(there.getByRole("status")).toContainText("this account was signed out everywhere, or its password was changed");
  await expect(here.getByRole("heading", { name: "Sign in to teach" })).toBeVisible();
  await expect(here.getByText("signed out everywhere"), "who did it knows it").toHaveCount(0);
});

test("a long name of a class is whole in the bar where there is room, and to be had where there is none", async ({ newLearner }) => {
  const { page } = await newLearner();
  await signIn(page);
  for (const { name, cutAt } of [
    { name: "Containers, second group, Friday", cutAt: 0 },
    { name: "Containers from the beginning, second group, Friday afternoon in the old library", cutAt: 1280 },
  ]) {
    const room = await makeClass(page, name);
    for (const width of [1920, 1280, 1000, 820, 390]) {
      await page.setViewportSize({ width, height: 800 });
      await new BoardPage(page).open(room.id);
      const shown = page.locator(".teach-bar__class");
      await expect(shown).toHaveText(name);
      await expect(shown).toHaveAttribute("title", name);
      const isWhole = await shown.evaluate((one) => one.scrollHeight <= one.clientHeight && one.scrollWidth <= one.clientWidth);
      expect(isWhole, `${name} at ${width} pixels`).toBe(width !== cutAt);
      const runsInto = await page.evaluate(() => {
        const edge = (selector: string): DOMRect => document.querySelector(selector)?.getBoundingClientRect() ?? new DOMRect();
        const [pages, person] = [edge(".teach-bar__pages"), edge(".teach-bar__person")];
        return pages.right > person.left && person.right > pages.left && pages.bottom > person.top && person.bottom > pages.top;
      });
      expect(runsInto, `the bar's parts at ${width} pixels`).toBe(false);
      await expectNoSidewaysScroll(page);
    }
  }
});

test("an instructor finds the way in from the first page, and sees what they type", async ({ newLearner }) => {
  const { page } = await newLearner();
  await page.goto("/");
  await hydrated(page);
  await page.getByRole("link", { name: "For instructors" }).click();
  await expect(page).toHaveURL(/\/teach\/sign-in/);
  await hydrated(page);
  const password = page.getByLabel("Password");
  await password.fill("a ship in harbour");
  await expect(password).toHaveAttribute("type", "password");
  const show = page.getByRole("button", { name: "Show what is typed" });
  await show.click();
  await expect(password).toHaveAttribute("type", "text");
  await expect(show, "by one name in both states").toHaveAttribute("aria-pressed", "true");
  await show.click();
  await expect(password).toHaveAttribute("type", "password");
});

test("a step's callout has its name above its words", async ({ learner }) => {
  const callout = learner.page.locator(".prose blockquote.note").first();
  await expect(callout).toHaveCSS("display", "block");
});
