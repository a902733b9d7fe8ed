// From a course to a class (LTI 1.3) in a real browser: a platform and a Lunchbox on two sites, both under https, and cookies as
// a browser keeps and brings them between the two. The rules of a launch, one by one, are broken in server/src/tests/lti.
import { readFileSync } from "node:fs";

import type { BrowserContextOptions, Page } from "@playwright/test";

import { SIZES, THEMES, expectNoSidewaysScroll, violations } from "../support/accessibility.ts";
import { BoardPage, INSTRUCTOR, hydrated, signUp } from "../support/classroom.ts";
import { workstations } from "../support/docker.ts";
import { Proxy, selfSigned } from "../support/https.ts";
import { type Person, Platform } from "../support/lti-platform.ts";
import { Server } from "../support/server.ts";
import { PORT, WARM_SANDBOXES, instanceOf } from "../support/settings.ts";
import { expect, test } from "../support/test.ts";

const TEACHER: Person = { id: "t1", name: "Edsger Dijkstra", role: "Instructor" };
const ADA: Person = { id: "l1", name: "Ada Lovelace", role: "Learner" };
const BOB: Person = { id: "l2", name: "Bob Kahn", role: "Learner" };
/** Is in the course and never comes. */
const CLEO: Person = { id: "l3", name: "Cleo Moss", role: "Learner" };
const MOODLE = "School Moodle";
/** Has nothing but questions, so that nobody needs a host for it. */
const RECAP = "things-to-remember";
const SESSION = "__Host-lunchbox";
const LAUNCH = "__Host-lunchbox-lti";
const PRESSES_AT_MOST = 60;
const PHONE = { name: "a phone", width: 390, height: 844 };

// What one does the next one finds, as in a course.
test.describe.configure({ mode: "serial" });

let proxy: Proxy;
let server: Server;
let platform: Platform;
let lunchbox: string;
/** For whoever comes anew. */
let browser: BrowserContextOptions;

test.beforeAll(async () => {
  const certificate = selfSigned(["lunchbox.localhost", "platform.localhost", "elsewhere.localhost"]);
  proxy = await Proxy.open(certificate, () => server.port);
  lunchbox = `https://lunchbox.localhost:${proxy.listener.port}`;
  server = new Server(PORT + 3, { LUNCHBOX_PUBLIC_URL: lunchbox, LUNCHBOX_TRUSTED_PROXIES: "127.0.0.1", LUNCHBOX_WARM_SANDBOXES: "0" });
  platform = await Platform.open(certificate, [TEACHER, ADA, BOB, CLEO], `${server.url}/lti/keys`);
  browser = { baseURL: lunchbox, ignoreHTTPSErrors: true };
  await server.startFresh();
  await expect.poll(async () => (await workstations(instanceOf(PORT))).length, { message: "networks are up" }).toBeGreaterThanOrEqual(WARM_SANDBOXES);
});

// Networks of sandboxes come and go on this machine, and a browser breaks off what it connects to just then.
test.beforeEach(({ complaints }) => complaints.expect(/ERR_NETWORK_CHANGED/));

test.afterAll(async () => {
  await platform?.close();
  await proxy?.listener.close();
  await server?.remove();
});

/** Signs in to the platform; ends at the course's page there. */
async function atCourse(page: Page, person: Person): Promise<void> {
  await page.goto(platform.signInPath(person)).catch((error: unknown) => {
    if (!String(error).includes("ERR_NETWORK_CHANGED")) throw error;
    return page.goto(platform.signInPath(person));
  });
  await expect(page.getByText(`Signed in as ${person.name}.`)).toBeVisible();
}

/** Once more where a network that came up just then has broken the way off (ERR_NETWORK_CHANGED): a launch is good once. */
async function clickLink(page: Page): Promise<void> {
  const course = page.url();
  const click = (): Promise<void> => page.getByRole("button", { name: platform.link }).click();
  await click();
  await expect.poll(() => page.url()).not.toBe(course);
  await page.waitForLoadState().catch(() => undefined);
  if (!page.url().startsWith("chrome-error:")) return;
  await page.goto(course);
  await click();
}

async function expectInClassAs(page: Page, person: Person): Promise<void> {
  await expect(page).toHaveURL(new RegExp(`^${lunchbox}/lessons/docker-images`));
  await expect(page.getByRole("region", { name: "Your class" })).toContainText(person.name);
}

/** The names of Lunchbox's cookies in that browser. */
async function cookies(page: Page): Promise<string[]> {
  return (await page.context().cookies(lunchbox)).map(({ name }) => name).sort();
}

/** By the keyboard: Tab until that has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < PRESSES_AT_MOST; presses += 1) {
    await page.keyboard.press("Tab");
    const now = await page.evaluate(() => {
      const element = document.activeElement as HTMLInputElement | null;
      return (element?.labels?.[0] ?? element)?.textContent?.trim() ?? "";
    });
    if (name.test(now)) return;
    passed.push(now);
  }
  throw new Error(`Tab doesn't reach ${name}; it went over: ${passed.join(" | ")}`);
}

/** Light and dark, from a phone to a projector: it fits, and everybody can use it. */
async function expectFit(page: Page, what: string, sizes = [PHONE, ...SIZES]): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
    expect(await violations(page), `${what}, ${theme}`).toEqual([]);
  }
  const before = page.viewportSize();
  for (const { width, height } of sizes) {
    await page.setViewportSize({ width, height });
    await expectNoSidewaysScroll(page);
  }
  if (before) await page.setViewportSize(before);
}

test("an admin connects a platform by the keyboard alone", async ({ newLearner }) => {
  const { page } = await newLearner(browser);
  const link = /\/teach\/welcome\/\w+/.exec(readFileSync(server.logFile, "utf8"))?.[0] ?? "";
  await signUp(page, link, INSTRUCTOR);
  await page.goto("/teach/admin");
  await hydrated(page);
  await tabTo(page, /^Connect a platform$/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Learning platforms", level: 1 })).toBeVisible();
  await hydrated(page);
  await expect(page.getByText("None yet.")).toBeVisible();

  const shown = (label: string): Promise<string> => page.getByLabel(label, { exact: true }).inputValue();
  platform.tool = { launch: await shown("Tool URL, and redirection URI"), login: await shown("Initiate login URL") };
  expect(platform.tool).toEqual({ launch: `${lunchbox}/lti/launch`, login: `${lunchbox}/lti/login` });
  expect(await shown("Public keyset URL")).toBe(`${lunchbox}/lti/keys`);

  for (const [label, text] of [
    [/^Name, for people/, MOODLE],
    [/^Issuer/, platform.url],
    [/^Client ID/, platform.clientId],
    [/^Authorization URL/, platform.authorizeUrl],
    [/^Token URL/, platform.tokenUrl],
    [/^Key set URL/, platform.keysUrl],
    [/^Deployment IDs/, platform.deployment],
  ] as const) {
    await tabTo(page, label);
    await page.keyboard.type(text);
  }
  await tabTo(page, /^Save$/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
  // Who works by keyboard goes on from where they were.
  await expect(page.getByRole("button", { name: "Save" })).toBeFocused();
  const registered = page.getByRole("region", { name: "Platforms that are registered" });
  await expect(registered.getByRole("heading", { name: MOODLE })).toBeVisible();
  await expect(registered.locator(".notice"), "its key set was read").toHaveCount(0);
  await expectFit(page, "platforms one registered");
});

test("a learner who is before the teacher is told so, the teacher makes the class, and then the learner needs but look again", async ({ newLearner }) => {
  const [{ page: early }, { page: teaching }] = [await newLearner(browser), await newLearner(browser)];
  await atCourse(early, ADA);
  await clickLink(early);
  await expect(early.getByRole("heading", { name: "Almost there" })).toBeVisible();
  await expect(early.getByText("Your teacher hasn’t opened “First lab” in “Containers <101>” here yet.")).toBeVisible();
  await expectFit(early, "almost there");

  await atCourse(teaching, TEACHER);
  await clickLink(teaching);
  await expect(teaching.getByRole("heading", { name: "Which class is this link for?" })).toBeVisible();
  await expect(teaching.getByLabel("Name"), "as the course is called").toHaveValue(platform.course);
  await expectFit(teaching, "which class");
  await teaching.getByRole("button", { name: "Make this class" }).click();
  await expect(teaching).toHaveURL(/\/teach\/classes\/\w+$/);
  await hydrated(teaching);
  await expect(teaching.getByText(TEACHER.name).first(), "signed in by the launch").toBeVisible();
  await expect(teaching.getByText(platform.course).first()).toBeVisible();

  await early.getByRole("link", { name: "Look again" }).click();
  await expectInClassAs(early, ADA);
  await expect(new BoardPage(teaching).row(ADA.name)).toBeVisible();
});

test("learners click the link and are in the class as themselves, and what they pass is in the gradebook", async ({ newLearner }) => {
  const [ada, bob] = [await newLearner(browser), await newLearner(browser)];
  for (const [{ page }, person] of [[ada, ADA], [bob, BOB]] as const) {
    await atCourse(page, person);
    await clickLink(page);
    await expectInClassAs(page, person);
  }
  expect(await cookies(bob.page)).toEqual([SESSION, LAUNCH]);

  await bob.lesson.open(RECAP);
  await bob.lesson.answerQuestions();
  await expect.poll(() => platform.scores, { message: "the gradebook" }).toEqual([
    expect.objectContaining({ userId: BOB.id, scoreGiven: 1, activityProgress: "InProgress", gradingProgress: "FullyGraded" }),
  ]);
  expect(platform.scores[0]?.scoreMaximum).toBeGreaterThan(1);

  // Once more, by the same browser: nothing is asked, and the work is still there.
  await atCourse(bob.page, BOB);
  await clickLink(bob.page);
  await expectInClassAs(bob.page, BOB);
  expect(await bob.lesson.stepsDone()).toBe(1);
  const posted = proxy.asked.findLast(({ what }) => what === "POST /lti/launch");
  expect(posted, "across sites comes the launch's cookie, and not the session's").toEqual({ what: "POST /lti/launch", site: "cross-site", cookies: [LAUNCH] });
});

test("under https a learner has a host and a terminal", async ({ newLearner }) => {
  const { page, lesson } = await newLearner(browser);
  await atCourse(page, ADA);
  await clickLink(page);
  await expectInClassAs(page, ADA);
  await lesson.start();
  expect(await lesson.terminal.run("docker run --rm alpine echo over TLS")).toContain("over TLS");
});

test("the teacher sees at the board who came, fills the list from the course, and sees who is missing", async ({ newLearner }) => {
  const { page } = await newLearner(browser);
  await atCourse(page, TEACHER);
  await clickLink(page);
  await expect(page, "nobody is asked twice").toHaveURL(/\/teach\/classes\/\w+$/);
  await hydrated(page);
  const board = new BoardPage(page);
  for (const { name } of [ADA, BOB]) await expect(board.row(name)).toBeVisible();
  expect((await board.names()).sort()).toEqual([ADA.name, BOB.name]);
  await expect(page.getByText(/awaited/), "of nobody is known that they are missing").toHaveCount(0);

  await page.getByRole("link", { name: "Set up" }).click();
  await hydrated(page);
  const links = page.getByRole("region", { name: "From a learning platform" });
  await expect(links.getByText(`“${platform.link}” in “${platform.course}” on ${MOODLE}`)).toBeVisible();
  await expect(links.getByText("Grades are sent as learners pass steps.")).toBeVisible();
  await links.getByRole("button", { name: `Fill the list from ${MOODLE}` }).click();
  await expect(links.getByRole("status")).toHaveText("3 learners in the course: 1 added, 0 renamed, 2 in the class already. Nobody was removed.");
  await expect(page.getByRole("row").filter({ hasText: CLEO.name })).toContainText("Not here yet");
  await expectFit(page, "set up filled", SIZES);

  await board.open(/classes\/(\w+)/.exec(page.url())?.[1] ?? "");
  await expect(page.getByRole("link", { name: "1 awaited" })).toBeVisible();
  for (const { name } of [ADA, BOB]) await expect(board.row(name)).toBeVisible();
  expect(platform.refused, "what the platform would not do").toEqual([]);
});

test("who comes in a browser that is somebody else's is asked before it is theirs", async ({ newLearner }) => {
  const { page } = await newLearner(browser);
  await atCourse(page, ADA);
  await clickLink(page);
  await expectInClassAs(page, ADA);
  await atCourse(page, BOB);
  await clickLink(page);
  await expect(page.getByRole("heading", { name: "Go on as somebody else?" })).toBeVisible();
  await expect(page.getByText(`In this browser you are ${ADA.name} until now.`)).toBeVisible();
  await expectFit(page, "somebody else");
  const [asked, session] = [page.url(), (await page.context().cookies(lunchbox)).find(({ name }) => name === SESSION)];
  await page.goto("/lessons/docker-images");
  await expectInClassAs(page, ADA);
  await page.goto(asked);
  await page.getByRole("button", { name: `Go on as ${BOB.name}` }).click();
  await expectInClassAs(page, BOB);
  expect((await page.context().cookies(lunchbox)).find(({ name }) => name === SESSION)?.value, "another session").not.toBe(session?.value);
});

test("in a frame the link is a button, and the tab that it opens is in the class", async ({ newLearner }) => {
  const { page, context } = await newLearner(browser);
  await atCourse(page, BOB);
  await page.goto(platform.framedPath);
  const frame = page.frameLocator(`iframe[title="${platform.link}"]`);
  await expect(frame.getByRole("heading", { name: "Lunchbox opens in a new tab" })).toBeVisible();
  expect(await cookies(page), "a frame gets no cookie").toEqual([]);
  const opened = context.waitForEvent("page");
  await frame.getByRole("link", { name: "Open Lunchbox in a new tab" }).click();
  const tab = await opened;
  await expectInClassAs(tab, BOB);
  expect(await tab.evaluate(() => window.opener as unknown), "the platform's page has no hold of it").toBeNull();
});

test("a browser that tells nothing of frames and keeps no cookies in them is one click away", async ({ newLearner, complaints }) => {
  // The page that asks for the click is a 403.
  complaints.expect(/403/);
  const { page, context } = await newLearner(browser);
  proxy.saysNothingOfFrames = true;
  try {
    await atCourse(page, BOB);
    await page.goto(platform.framedPath);
    const frame = page.frameLocator(`iframe[title="${platform.link}"]`);
    await expect(frame.getByRole("heading", { name: "One more click" })).toBeVisible();
    await expect(frame.getByText("Your browser did not bring back the cookie that Lunchbox gave it")).toBeVisible();
    expect(await cookies(page), "what another site's frame would keep").toEqual([]);
    const opened = context.waitForEvent("page");
    await frame.getByRole("link", { name: "Open Lunchbox in a new tab" }).click();
    await expectInClassAs(await opened, BOB);
  } finally {
    proxy.saysNothingOfFrames = false;
  }
});

test("a launch that is posted again lets nobody in, in whichever browser, and says what to do", async ({ newLearner, complaints }) => {
  complaints.expect(/403/);
  const [{ page: bob }, { page: stranger }] = [await newLearner(browser), await newLearner(browser)];
  await atCourse(bob, BOB);
  await clickLink(bob);
  await expectInClassAs(bob, BOB);
  for (const page of [bob, stranger]) {
    await page.goto(platform.lurePath);
    await expect(page).toHaveURL(`${lunchbox}/lti/launch`);
    await expect(page.getByRole("heading", { name: "You could not be let in" })).toBeVisible();
    await expect(page.getByText("This launch was used already, or took more than ten minutes. Go back to your course and click the link again.")).toBeVisible();
  }
  expect(await cookies(stranger)).toEqual([]);
  await bob.goto("/lessons/docker-images");
  await expectInClassAs(bob, BOB);
});

test("a launch that another browser has begun lets nobody in, and is still good where it began", async ({ newLearner, complaints }) => {
  complaints.expect(/403/);
  const [{ page: bob }, { page: stranger }, { page: ada }] = [await newLearner(browser), await newLearner(browser), await newLearner(browser)];
  await atCourse(ada, ADA);
  await clickLink(ada);
  await expectInClassAs(ada, ADA);

  // Bob would have others work as him.
  await atCourse(bob, BOB);
  platform.waits = true;
  await clickLink(bob);
  await expect(bob.getByRole("button", { name: "Go on" })).toBeVisible();
  platform.waits = false;
  const bobs = platform.lastLaunch;

  await stranger.goto(platform.lurePath);
  await expect(stranger.getByRole("heading", { name: "One more click" })).toBeVisible();
  await expectFit(stranger, "one more click");
  expect(await cookies(stranger)).toEqual([]);
  // The click begins anew, and the platform says of nobody that they are Bob.
  const opened = stranger.context().waitForEvent("page");
  await stranger.getByRole("link", { name: "Open Lunchbox in a new tab" }).click();
  const tab = await opened;
  await expect(tab.getByRole("heading", { name: "You could not be let in" })).toBeVisible();
  await expect(tab.getByText("Your platform did not say who you are.")).toBeVisible();
  expect(await cookies(tab), "of a session there is none").toEqual([LAUNCH]);
  await tab.goto("/lessons/docker-images");
  await hydrated(tab);
  await expect(tab.getByRole("region", { name: "Your class" })).toHaveCount(0);

  // Whose browser has a launch's cookie of its own already.
  platform.lastLaunch = bobs;
  await ada.goto(platform.lurePath);
  await expect(ada.getByRole("heading", { name: "You could not be let in" })).toBeVisible();
  await ada.goto("/lessons/docker-images");
  await expectInClassAs(ada, ADA);

  await bob.getByRole("button", { name: "Go on" }).click();
  await expectInClassAs(bob, BOB);
});
