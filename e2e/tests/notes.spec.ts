// Notes: learners' pages show each note once by themselves.
import { BoardPage, hydrated, joinClass, makeClass, signIn } from "../support/classroom.ts";
import { expect, test } from "../support/test.ts";

test("a learner's notes open by themselves once for each note, and not on every page again", async ({ newLearner }) => {
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "Notes seen");
  const { page } = await newLearner();
  await joinClass(page, room.code, "Ada");
  const board = new BoardPage(teaching);
  const notes = page.getByRole("region", { name: "Notes from your instructor" });
  const send = async (text: string): Promise<void> => {
    await board.open(room.id);
    await teaching.getByRole("button", { name: "Note to all…" }).click();
    const dialog = teaching.getByRole("dialog", { name: "A note to the whole class" });
    await dialog.getByLabel("Note", { exact: true }).fill(text);
    await dialog.getByRole("button", { name: "Send" }).click();
    await expect(teaching.getByText("Your note is sent to everybody.")).toBeVisible();
  };

  await send("Five minutes left.");
  await expect(notes, "on the page that is open").toBeVisible();
  await page.reload();
  await hydrated(page);
  const button = page.getByRole("button", { name: "1 note" });
  await expect(button).toHaveAttribute("aria-expanded", "false");
  await expect(notes, "it was seen").toBeHidden();
  await button.click();
  await expect(notes.getByText("Five minutes left.")).toBeVisible();

  const lesson = page.url();
  await page.goto("/join");
  await send("Four minutes left.");
  await page.goto(lesson);
  await expect(notes.getByText("Four minutes left."), "it came while no page of the class was open").toBeVisible();
  await page.reload();
  await hydrated(page);
  await expect(page.getByRole("button", { name: "2 notes" })).toHaveAttribute("aria-expanded", "false");
});
