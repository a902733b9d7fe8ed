// What instructors have beside the board: lists, led classes, colleagues, the machine, and the end of a class.
// Their pages fit, and break no rule of accessibility.
import { readFileSync } from "node:fs";

import type { Page } from "@playwright/test";

import { SIZES, THEMES, expectNoSidewaysScroll, violations } from "../support/accessibility.ts";
import { BoardPage, type ClassRoom, hydrated, joinClass, makeClass, signIn, signUp } from "../support/classroom.ts";
import { type Learner, expect, test } from "../support/test.ts";

/** Each page of a class's and of an instructor's. */
function pages({ id }: ClassRoom): string[] {
  const ofClass = ["", "/setup", "/join", "/projector", "/report"].map((page) => `/teach/classes/${id}${page}`);
  return ["/teach", ...ofClass, "/teach/admin", "/teach/account"];
}

/** A class with somebody in it who has done a step, and somebody who is stuck in the next. */
async function classAtWork(newLearner: () => Promise<Learner>, teaching: Page): Promise<ClassRoom> {
  const room = await makeClass(teaching, "Docker basics, Friday");
  const [ada, bob] = [await newLearner(), await newLearner()];
  for (const [{ page }, name] of [[ada, "Ada"], [bob, "Bob"]] as const) await joinClass(page, room.code, name);
  await ada.lesson.goToStep("Run a container");
  await ada.lesson.start();
  await ada.lesson.terminal.run("docker run -d --name web -p 8081:80 nginx");
  for (let time = 0; time < 3; time += 1) await ada.lesson.check();
  await bob.page.getByRole("button", { name: "Raise hand" }).click();
  return room;
}

for (const theme of THEMES) {
  test(`instructors' pages fit and are accessible, ${theme}`, async ({ newLearner }) => {
    test.slow();
    const { page } = await newLearner({ colorScheme: theme });
    await page.goto("/teach/sign-in");
    await hydrated(page);
    expect(await violations(page)).toEqual([]);
    await signIn(page);
    const room = await classAtWork(newLearner, page);
    for (const { name, width, height } of SIZES) {
      await page.setViewportSize({ width, height });
      for (const path of pages(room)) {
        await test.step(`${path} on ${name}`, async () => {
          await page.goto(path);
          if (!/\/(join|report)$/.test(path)) await hydrated(page);
          await expectNoSidewaysScroll(page);
          expect(await violations(page)).toEqual([]);
        });
      }
      const board = new BoardPage(page);
      await board.open(room.id);
      await board.look("Ada");
      await expectNoSidewaysScroll(page);
      expect(await violations(page), `a learner beside the board on ${name}`).toEqual([]);
    }
  });
}

test("a list gives each learner a link of their own, and the board says who is awaited", async ({ newLearner }) => {
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "With a list");
  await expect(teaching.getByText("Learners on other computers can't open this address", { exact: false })).toBeVisible();
  const people = teaching.getByRole("region", { name: "Learners" });
  await people.locator("input[type=file]").setInputFiles({
    name: "roster.csv",
    mimeType: "text/csv",
    // As Excel saves it in Western Europe.
    buffer: Buffer.from('id,name\r\n1,"Lovelace, Ada"\r\n2,Jürgen\r\n3,jürgen\r\n', "latin1"),
  });
  await expect(people.getByLabel(/^Names, one a line/)).toHaveValue(/Lovelace, Ada.*Jürgen/s);
  await people.getByRole("button", { name: "Look at the names" }).click();
  await expect(people.getByRole("heading", { name: "2 learners would be added" })).toBeFocused();
  await expect(people.getByText("The names are those of the column “name”.")).toBeVisible();
  await expect(people.getByText("1 name has a comma in it and was taken whole: “Lovelace, Ada”.", { exact: false })).toBeVisible();
  const seen = people.getByRole("group", { name: "Names as they are understood" }).getByRole("rowheader");
  await expect(seen).toHaveText(["Lovelace, Ada", "Jürgen"]);
  await expect(people.getByText("Nobody is in the class yet"), "nothing is stored yet").toBeVisible();
  expect(await violations(teaching)).toEqual([]);
  await people.getByRole("button", { name: "Add these learners" }).click();
  await expect(people.getByText("2 learners added.")).toBeVisible();
  await expect(people.getByText("1 line left out:")).toBeVisible();
  await people.getByLabel(/^Names, one a line/).fill("Edsger\nFrances\nKonrad");
  await people.getByRole("button", { name: "Look at the names" }).click();
  await people.getByRole("button", { name: "Add these learners" }).click();
  await expect(people.getByText("3 learners added.")).toBeVisible();
  await expect(people.getByLabel(/^Names, one a line/), "all were taken").toHaveValue("");
  const made = people.locator(".links__table").getByRole("rowheader");
  await expect(made, "links are shown only now: none is lost to a second list").toHaveText(["Lovelace, Ada", "Jürgen", "Edsger", "Frances", "Konrad"]);
  const remove = async (name: string): Promise<void> => {
    await people.getByRole("row").filter({ hasText: name }).getByRole("button", { name: "Remove…" }).click();
    await teaching.getByRole("dialog", { name: `Remove ${name}` }).getByRole("button", { name: "Remove", exact: true }).click();
    await expect(people.getByRole("status").filter({ hasText: `${name} is removed, and deleted: 1 place` })).toBeVisible();
  };
  await remove("Edsger");
  await remove("Frances");
  await expect(made, "whoever is removed comes in by no link").toHaveText(["Lovelace, Ada", "Jürgen", "Konrad"]);
  const asked = teaching.waitForEvent("dialog");
  // The click is not over before the question is.
  const leaving = teaching.getByRole("link", { name: "Board", exact: true }).click();
  const question = await asked;
  expect(question.type(), "nobody has taken the links along").toBe("beforeunload");
  await question.dismiss();
  await leaving;
  await expect(made).toHaveCount(3);
  const saved = teaching.waitForEvent("download");
  await people.getByRole("link", { name: "Save as CSV" }).click();
  const file = readFileSync(await (await saved).path(), "utf8");
  expect(file).not.toMatch(/Edsger|Frances/);
  await remove("Konrad");
  const link = /^"Lovelace, Ada","[^"]+","([^"]+)"/m.exec(file)?.[1] ?? "";

  const again: string[] = [];
  teaching.on("dialog", (dialog) => {
    again.push(dialog.type());
    void dialog.accept();
  });
  const board = new BoardPage(teaching);
  await board.open(room.id);
  expect(again, "who has them is asked nothing").toEqual([]);
  await teaching.getByRole("link", { name: "2 awaited" }).click();
  await expect(teaching.getByRole("heading", { name: "Learners", exact: true })).toBeInViewport();
  await expect(teaching.getByRole("row").filter({ hasText: "Lovelace, Ada" })).toContainText("Not here yet");
  await board.open(room.id);

  const { page } = await newLearner();
  await page.goto(new URL(link).pathname);
  await hydrated(page);
  await page.getByRole("button", { name: /Continue as Lovelace, Ada/ }).click();
  await expect(page.getByRole("region", { name: "Your class" })).toContainText("Lovelace, Ada");
  await expect(board.row("Lovelace, Ada")).toBeVisible();
  await expect(teaching.getByText("1 awaited")).toBeVisible();
});

test("a code that is projected follows a new one, and says so", async ({ newLearner, complaints }) => {
  // What is asked for in vain once the class is gone.
  complaints.expect(/404/);
  const [{ page: teaching }, { page: wall }] = [await newLearner(), await newLearner()];
  await signIn(teaching);
  await signIn(wall);
  const room = await makeClass(teaching, "On the wall");
  await wall.goto(`/teach/classes/${room.id}/join`);
  const code = wall.locator(".join-sheet__code");
  await expect(code).toHaveText(room.code);
  await teaching.getByRole("button", { name: "New code…" }).click();
  await teaching.getByRole("dialog", { name: "Make a new code?" }).getByRole("button", { name: "Make a new code" }).click();
  const now = teaching.locator(".way-in-card__code");
  await expect(now).not.toHaveText(room.code);
  await expect(code).toHaveText((await now.textContent()) ?? "");
  await expect(wall.getByRole("status")).toHaveText("This code is new. The one before lets nobody in any more.");
  await teaching.getByRole("button", { name: "Delete…" }).click();
  await teaching.getByRole("dialog").getByRole("button", { name: "Delete the class" }).click();
  await expect(wall.getByRole("status")).toHaveText("This class is no more: nobody can join by this code.");
});

test("a closing time in the past closes the class only after a question, and the board says what has ended", async ({ newLearner }) => {
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "To be closed by mistake");
  const { page } = await newLearner();
  await joinClass(page, room.code, "Ada");
  await teaching.reload();
  await hydrated(teaching);
  await teaching.getByLabel("Closes").fill("2020-01-01T10:00");
  await teaching.getByLabel("Closes").blur();
  await teaching.getByRole("button", { name: "Save", exact: true }).click();
  const dialog = teaching.getByRole("dialog", { name: "Close the class now?" });
  await expect(dialog.getByText("1 learner in it can raise no hand", { exact: false })).toBeVisible();
  expect(await violations(teaching)).toEqual([]);
  await dialog.getByRole("button", { name: "Keep it open" }).click();
  const bar = page.getByRole("region", { name: "Your class" });
  await expect(bar.getByRole("button", { name: "Raise hand" }), "nothing is saved").toBeVisible();
  await teaching.getByRole("button", { name: "Save", exact: true }).click();
  await dialog.getByRole("button", { name: "Close the class" }).click();
  await expect(teaching.getByText("Saved.")).toBeVisible();
  await expect(bar.getByText("The class is over.", { exact: false }).first()).toBeVisible();
  const board = new BoardPage(teaching);
  await board.open(room.id);
  await expect(teaching.getByText("Closed: notes have ended")).toBeVisible();
  await expect(teaching.getByRole("button", { name: "Note to all…" })).toHaveCount(0);
});

test("a led class takes its learners along, but nobody out of a sentence", async ({ newLearner }) => {
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "Led");
  await teaching.getByRole("radio", { name: /^Led/ }).check();
  await teaching.getByRole("button", { name: "Save", exact: true }).click();
  await expect(teaching.getByText("Saved.")).toBeVisible();
  const [ada, bob] = [await newLearner(), await newLearner()];
  await joinClass(ada.page, room.code, "Ada");
  await joinClass(bob.page, room.code, "Bob");
  await bob.lesson.start();

  const { page: wall } = await newLearner();
  await signIn(wall);
  await wall.goto(`/teach/classes/${room.id}/projector`);
  const board = new BoardPage(teaching);
  await board.open(room.id);
  await expect(board.row("Bob")).toBeVisible();
  await bob.lesson.terminal.element.getByRole("textbox").focus();
  await bob.page.keyboard.type("docker ru");
  await teaching.getByLabel("The class is at").selectOption({ label: await optionOf(teaching, "Run a container") });
  await expect(ada.page).toHaveURL(/run-a-container$/);
  await expect(wall.getByText(/^Led: step \d+ — Run a container$/)).toBeVisible();
  await expect(wall.locator("[aria-current=step]")).toContainText("Run a container");
  await expect(ada.page.getByText("The class has moved here, and you with it")).toBeVisible();
  const bar = bob.page.getByRole("region", { name: "Your class" });
  await expect(bar.getByText(/^The class has moved on to/).first()).toBeVisible();
  await expect(bob.page).not.toHaveURL(/run-a-container$/);
  await bar.getByRole("link", { name: "Go there" }).click();
  await expect(bob.page).toHaveURL(/run-a-container$/);
});

/** The whole of an option that has this in it. */
async function optionOf(page: Page, words: string): Promise<string> {
  return (await page.getByRole("option").filter({ hasText: words }).first().textContent()) ?? "";
}

test("an instructor who was invited sees a class once it is shared, and no longer than that", async ({ newLearner, complaints }) => {
  // What isn't theirs.
  complaints.expect(/404|403/);
  const { page: grace } = await newLearner();
  await signIn(grace);
  const room = await makeClass(grace, "Shared");
  await grace.goto("/teach/admin");
  await hydrated(grace);
  await grace.getByRole("button", { name: "Make a link for a new instructor" }).click();
  await expect(grace.getByRole("heading", { name: "For a new instructor" })).toBeFocused();
  const link = await grace.locator(".made-link").getByLabel("Link").inputValue();

  const { page: otto } = await newLearner();
  const name = `Otto ${Date.now()}`;
  await signUp(otto, new URL(link).pathname, name);
  await expect(otto.getByRole("heading", { name: "Make your first class" })).toBeVisible();
  expect((await otto.goto(`/teach/classes/${room.id}`))?.status()).toBe(404);
  expect((await otto.goto("/teach/admin"))?.status(), "the machine is an admin's").not.toBe(200);

  await grace.goto(`/teach/classes/${room.id}/setup`);
  await hydrated(grace);
  const sharing = grace.getByRole("region", { name: "Who else teaches it" });
  await sharing.getByLabel("Name of another instructor").fill("Nobody of that name");
  await sharing.getByRole("button", { name: "Share", exact: true }).click();
  await expect(sharing.getByRole("alert")).toBeVisible();
  await sharing.getByLabel("Name of another instructor").fill(name);
  await sharing.getByRole("button", { name: "Share", exact: true }).click();
  await expect(sharing.getByRole("listitem").filter({ hasText: name })).toBeVisible();

  await otto.goto("/teach");
  await hydrated(otto);
  await expect(otto.getByRole("heading", { name: "Others' classes that you see" })).toBeVisible();
  await otto.getByRole("link", { name: "Shared" }).click();
  await hydrated(otto);
  await sharing.getByRole("listitem").filter({ hasText: name }).getByRole("button", { name: "End sharing" }).click();
  await expect(sharing.getByText("Nobody else.")).toBeVisible();
  await expect(otto.getByText("This class is gone, or no longer shared with you.")).toBeVisible();
  expect((await otto.goto(`/teach/classes/${room.id}`))?.status()).toBe(404);

  await grace.goto("/teach/admin");
  await hydrated(grace);
  await grace.getByRole("row").filter({ hasText: name }).getByRole("button", { name: "Remove…" }).click();
  await grace.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
  await expect(grace.getByRole("row").filter({ hasText: name })).toHaveCount(0);
  await otto.goto("/teach");
  await expect(otto).toHaveURL(/\/teach\/sign-in/);
});

test("an admin closes a learner's host, and the learner is told and can have a fresh one", async ({ newLearner }) => {
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "To be closed");
  const { page, lesson } = await newLearner();
  const name = `Zoë ${room.code}`;
  await joinClass(page, room.code, name);
  await lesson.start();
  await teaching.goto("/teach/admin");
  await hydrated(teaching);
  const row = teaching.getByRole("row").filter({ hasText: name });
  // What it takes of disk and memory is measured once somebody looks.
  await expect(row.getByRole("cell", { name: /\d [MG]iB$/ })).toHaveCount(2);
  await teaching.setViewportSize({ width: 390, height: 844 });
  await expectNoSidewaysScroll(teaching);
  await row.getByRole("button", { name: "Close…" }).click();
  await teaching.getByRole("dialog").getByRole("button", { name: "Close it" }).click();
  await expect(row).toHaveCount(0);
  await lesson.start();
  await lesson.terminal.run("docker ps");
});

test("a deleted class says what went with it", async ({ newLearner }) => {
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "To be deleted");
  const { page } = await newLearner();
  await joinClass(page, room.code, "Ada");
  await teaching.reload();
  await hydrated(teaching);
  await teaching.getByRole("button", { name: "Delete…" }).click();
  await teaching.getByRole("dialog").getByRole("button", { name: "Delete the class" }).click();
  await expect(teaching.getByRole("heading", { name: "The class is deleted, and with it:" })).toBeFocused();
  await expect(teaching.getByRole("heading", { name: "The class is deleted, and with it:" })).toBeInViewport({ ratio: 1 });
  await expect(teaching.getByRole("listitem").filter({ hasText: /^1 learner$/ })).toBeVisible();
  await expect(teaching.getByRole("listitem").filter({ hasText: /^1 place in the class$/ })).toBeVisible();
  await expect(teaching.getByRole("button", { name: "Save" }), "there is nothing left to set up").toBeHidden();
  await expect(teaching.getByRole("navigation", { name: "This class" }), "and no page to go to").toHaveCount(0);
  const gone = page.getByRole("region", { name: "Your class" });
  await expect(gone.getByText("You are not in the class any more", { exact: false })).toBeVisible();
  await expect(gone.getByRole("link")).toHaveCount(0);
  await page.goto("/join");
  await hydrated(page);
  await page.getByLabel("Code of the class").fill(room.code);
  await page.getByRole("button", { name: "Go on" }).click();
  await expect(page.getByRole("alert")).toContainText("There is no class with that code");
});
