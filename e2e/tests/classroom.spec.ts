// An instructor runs a class: sets it up, sees who is stuck and why, helps, and takes the results away.
import { readFileSync } from "node:fs";

import { BoardPage, hydrated, joinClass, makeClass, signIn } from "../support/classroom.ts";
import { type Learner, expect, test } from "../support/test.ts";

test("an instructor sets up a class, sees who is stuck and why, is let in, helps, and takes the results away", async ({ newLearner }) => {
  test.slow();
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "Docker basics, Friday");
  const board = new BoardPage(teaching);
  await board.open(room.id);

  const names = ["Ada", "Bob", "Cleo"];
  const learners: Learner[] = [];
  for (const name of names) {
    const learner = await newLearner();
    await joinClass(learner.page, room.code, name);
    learners.push(learner);
  }
  const [ada, bob] = learners as [Learner, Learner, Learner];
  for (const name of names) await expect(board.row(name)).toBeVisible();

  // Bob does it right; Ada publishes the wrong port, and asks for the check again and again.
  await Promise.all(
    [ada, bob].map(async ({ lesson }) => {
      await lesson.goToStep("Run a container");
      await lesson.start();
    }),
  );
  await bob.lesson.terminal.run("docker run -d -p 8080:80 nginx");
  await bob.lesson.expectStepDone();
  await ada.lesson.terminal.run("docker run -d --name web -p 8081:80 nginx");
  for (let time = 0; time < 3; time += 1) await ada.lesson.check();

  await expect(board.why("Ada")).toContainText("Wrong 3 times in a row");
  await expect(board.why("Ada")).toContainText("8080");
  await expect(board.why("Bob")).toBeEmpty();
  const typed = "docker run -d --name web -p 8081:80 nginx";
  await expect(board.row("Bob").locator(".row__last code"), "as it was typed").toHaveText("docker run -d -p 8080:80 nginx");
  await expect(board.row("Ada").locator(".row__last").getByTitle(typed)).toBeAttached();
  await expect.poll(() => board.names(), { message: "who needs help comes first" }).toEqual(["Ada", "Bob", "Cleo"]);

  // She raises her hand, and he looks over her shoulder.
  await ada.page.getByRole("button", { name: "Raise hand" }).click();
  await expect(board.row("Ada").getByText("has raised a hand")).toBeAttached();
  const side = await board.look("Ada");
  await expect(side.locator(".side__last code"), "whole, beside the board").toHaveText(typed);
  await expect.poll(() => watchedScreen(teaching), { message: "her terminal, beside the board" }).toContain("-p 8081:80 nginx");
  await expect(ada.page.getByRole("region", { name: "Your class" }).getByText("Grace Hopper", { exact: false }).first()).toBeVisible();

  // Without her leave nothing is typed.
  await side.locator("lunchbox-terminal").getByRole("textbox").focus();
  await teaching.keyboard.type("echo without leave");
  await side.getByRole("button", { name: "Ask to type" }).click();
  const asked = ada.page.getByRole("group", { name: "Grace Hopper asks to type in your terminal" });
  await asked.getByRole("button", { name: "Allow" }).click();
  await expect(ada.page.getByText("Grace Hopper can type in your terminal", { exact: true })).toBeVisible();
  await expect(side.getByRole("button", { name: "Stop typing" })).toBeVisible();
  await side.locator("lunchbox-terminal").getByRole("textbox").focus();
  await teaching.keyboard.type("docker rm -f web && docker run -d -p 8080:80 nginx");
  await teaching.keyboard.press("Enter");
  await ada.lesson.expectStepDone();
  await expect(board.why("Ada"), "her hand is still up, and nothing else is wrong").toHaveText("Hand up.");
  expect(await ada.lesson.terminal.screen()).not.toContain("without leave");
  await expect(side.locator(".side__last"), "what he typed is not taken for hers").toContainText("with help docker run -d -p 8080:80 nginx");
  await ada.page.getByRole("region", { name: "Your class" }).getByRole("button", { name: "End" }).click();
  await expect(side.getByRole("button", { name: "Ask to type" })).toBeVisible();
  await expect(side.getByRole("status").filter({ hasText: "Ada has the keyboard back" }), "he is told that she ended it").toBeVisible();

  // A note to her alone.
  await side.getByRole("button", { name: "Note, link…" }).click();
  await side.getByLabel(/^A note/).fill("Host port first, then the container's.");
  await side.getByRole("button", { name: "Send" }).click();
  const note = ada.page.getByRole("region", { name: "Notes from your instructor" });
  await expect(note.getByText("Host port first, then the container's.")).toBeVisible();
  await note.getByRole("button", { name: "Got it" }).click();
  await expect(note).toBeHidden();
  await expect(bob.page.getByText("Host port first")).toHaveCount(0);

  // And away with it.
  await teaching.goto(`/teach/classes/${room.id}/setup`);
  await hydrated(teaching);
  const download = teaching.waitForEvent("download");
  await teaching.getByRole("link", { name: "Progress as CSV" }).click();
  const csv = readFileSync(await (await download).path(), "utf8");
  expect(csv.split("\r\n")[0], "with the mark that Excel knows UTF-8 by").toBe(
    "\uFEFFlearner,lesson,lesson_title,position,step,step_title,state,first_seen_at,passed_at,seconds,tries,wrong,hints,solution,with_help,last_wrong",
  );
  expect(csv).toMatch(/^Ada,docker-images,[^\r]*,run-a-container,Run a container,passed,/m);
  await teaching.goto(`/teach/classes/${room.id}/report`);
  await expect(teaching.getByRole("heading", { name: /Docker basics, Friday/ })).toBeVisible();
});

test("who lost their computer comes back to their own work with a code of their own", async ({ newLearner }) => {
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "Coming back");
  const before = await newLearner();
  const { wayBack } = await joinClass(before.page, room.code, "Ada");
  await before.lesson.goToStep(/^List/);
  await before.context.close();

  const { page } = await newLearner();
  await page.goto("/join/back");
  await hydrated(page);
  await page.getByRole("textbox").first().fill(wayBack);
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: /Continue as Ada/ }).click();
  await expect(page.getByRole("region", { name: "Your class" })).toContainText("Ada");
  await expect(page).toHaveURL(/list-images/);
});

/** What the watched terminal shows. */
async function watchedScreen(page: import("@playwright/test").Page): Promise<string> {
  const texts = await page.locator("lunchbox-terminal").evaluateAll((all) => all.map((one) => (one as Element & { screenText?(): string }).screenText?.() ?? ""));
  return texts.join("\n").replaceAll("\u00a0", " ");
}
