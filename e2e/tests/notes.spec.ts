// Notes: what instructors sent can be read again, and learners' pages show each note once by themselves.
import { expectNoSidewaysScroll, violations } from "../support/accessibility.ts";
import { BoardPage, hydrated, joinClass, makeClass, signIn } from "../support/classroom.ts";
import { expect, test } from "../support/test.ts";

const SIZES = [
  { width: 1280, height: 720 },
  { width: 390, height: 844 },
];

test("an instructor reads again what was sent, when and to whom, also when the class is over", async ({ newLearner }) => {
  const { page: teaching } = await newLearner();
  await signIn(teaching);
  const room = await makeClass(teaching, "Notes sent");
  const { page } = await newLearner();
  await joinClass(page, room.code, "Ada");
  const board = new BoardPage(teaching);
  await board.open(room.id);

  const dialog = teaching.getByRole("dialog", { name: "A note to the whole class" });
  const list = dialog.getByRole("group", { name: "What was sent" });
  await teaching.getByRole("button", { name: "Note to all…" }).click();
  await expect(list).toContainText("Nothing yet.");
  await dialog.getByLabel("Note", { exact: true }).fill("Five minutes left.");
  await dialog.getByRole("button", { name: "Send" }).click();
  await expect(teaching.getByText("Your note is sent to everybody.")).toBeVisible();

  const side = await board.look("Ada");
  await side.getByRole("button", { name: "Note, link…" }).click();
  const hers = side.getByRole("group", { name: "Sent to this learner alone" });
  await expect(hers, "the note to all stands elsewhere").toContainText("Nothing yet.");
  await side.getByLabel(/^A note/).fill("Host port first.");
  await side.getByRole("button", { name: "Send" }).click();
  await expect(hers.getByRole("listitem")).toHaveText([/\d\d:\d\dHost port first\.$/]);

  for (const size of SIZES) {
    await teaching.setViewportSize(size);
    await board.open(room.id);
    await teaching.getByRole("button", { name: "Note to all…" }).click();
    const before = await dialog.boundingBox();
    await expect(list.getByRole("listitem")).toHaveText([/ · to AdaHost port first\.$/, / · to allFive minutes left\.$/]);
    expect(await dialog.boundingBox(), "nothing has moved when the list came").toEqual(before);
    await expectNoSidewaysScroll(teaching);
    expect(await violations(teaching)).toEqual([]);
  }

  await teaching.goto(`/teach/classes/${room.id}/setup`);
  await hydrated(teaching);
  await teaching.getByLabel("Closes").fill("2020-01-01T10:00");
  await teaching.getByRole("button", { name: "Save", exact: true }).click();
  await teaching.getByRole("button", { name: "Close the class" }).click();
  await expect(teaching.getByText("Saved.")).toBeVisible();
  await board.open(room.id);
  await teaching.getByRole("button", { name: "Notes sent…" }).click();
  const over = teaching.getByRole("dialog", { name: "Notes of this class" });
  await expect(over.getByRole("listitem")).toHaveCount(2);
  await expect(over.getByRole("button", { name: "Send" }), "nobody would see one").toHaveCount(0);
});

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

  await send("Try `docker ps -a`, <b>now</b>.");
  await expect(notes.getByRole("listitem")).toContainText("Try docker ps -a, <b>now</b>.");
  await expect(notes.getByRole("code")).toHaveText("docker ps -a");
  await notes.getByRole("button", { name: "Got it" }).click();
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
