// The lesson page by what a person finds on it: roles, names and text.
import { type Locator, type Page, expect } from "@playwright/test";

import { findAnswer } from "./answers.ts";
import { Terminal } from "./terminal.ts";

/** From the click to a prompt, with a class of one: a warm sandbox is there, or is made meanwhile. */
const PROMPT_WITHIN_MS = 30_000;

/** How a goal stands, in the page's own words. */
type Standing = "done" | "not yet" | "undone again";

export class LessonPage {
  readonly page: Page;
  readonly terminal: Terminal;
  readonly goals: Locator;
  /** The goals in a line, at the foot of the lesson. */
  readonly summary: Locator;
  readonly questions: Locator;
  readonly help: Locator;
  readonly ports: Locator;
  readonly diagram: Locator;

  constructor(page: Page) {
    this.page = page;
    this.terminal = new Terminal(page);
    this.goals = page.getByRole("region", { name: "Your goals" });
    this.summary = page.locator(".summary").getByRole("button");
    this.questions = page.getByRole("region", { name: "Questions" });
    this.help = page.getByRole("region", { name: "Stuck?" });
    this.ports = page.getByRole("group", { name: "Published ports" });
    this.diagram = page.getByRole("region", { name: "Registry, images, containers" });
  }

  /** From the home page into the lesson, as a new learner comes. */
  async openFromHome(lesson: RegExp = LESSON): Promise<void> {
    await this.page.goto("/");
    await this.hydrated();
    await this.page.getByRole("link", { name: lesson }).click();
    await expect(this.title).toBeVisible();
  }

  async open(step: string): Promise<void> {
    await this.page.goto(`/lessons/${LESSON_SLUG}/${step}`);
    await this.hydrated();
  }

  /** From then on the page answers to clicks. */
  async hydrated(): Promise<void> {
    await expect(this.page.locator("html[data-hydrated]")).toBeAttached();
  }

  get title(): Locator {
    return this.page.getByRole("region", { name: "Lesson", exact: true }).getByRole("heading", { level: 1 });
  }

  async goToStep(title: string | RegExp): Promise<void> {
    await this.page.getByRole("button", { name: "All steps" }).click();
    await this.page.locator("#steps-list").getByRole("link").filter({ has: this.page.getByText(title, { exact: typeof title === "string" }) }).click();
    await expect(this.title).toHaveText(title);
  }

  async next(): Promise<void> {
    await this.page.getByRole("link", { name: "Next" }).click();
  }

  async start(): Promise<void> {
    await this.page.getByRole("button", { name: "Start", exact: true }).click();
    await this.terminal.waitForPrompt(PROMPT_WITHIN_MS);
  }

  /** The choice between a new shell and a fresh host. */
  async askRestart(): Promise<Locator> {
    await this.page.getByRole("button", { name: "Restart…" }).click();
    return this.page.getByRole("dialog", { name: "A new shell, or a fresh host?" });
  }

  async reset(): Promise<void> {
    const dialog = await this.askRestart();
    const before = await this.sandbox();
    await dialog.getByRole("button", { name: "Fresh host" }).click();
    await expect.poll(() => this.sandbox(), { message: "another sandbox", timeout: PROMPT_WITHIN_MS }).not.toBe(before);
    await this.terminal.waitForPrompt(PROMPT_WITHIN_MS);
  }

  /** Which sandbox the terminal leads to; changes with a reset. Empty while there is none. */
  async sandbox(): Promise<string> {
    if ((await this.terminal.element.count()) === 0) return "";
    return (await this.terminal.element.getAttribute("data-sandbox")) ?? "";
  }

  goal(text: string | RegExp): Locator {
    return this.goals.getByRole("listitem").filter({ hasText: text });
  }

  async expectGoal(text: string | RegExp, standing: Standing): Promise<void> {
    await expect(this.goal(text).getByText(standing, { exact: true })).toBeVisible();
  }

  async expectAllGoals(standing: Standing): Promise<void> {
    const words = this.goals.getByRole("listitem").getByText(/^(done|not yet|undone again)$/);
    await expect(words.first()).toBeVisible();
    await expect(words).toHaveText(Array.from({ length: await words.count() }, () => standing));
  }

  async check(): Promise<void> {
    await this.goals.getByRole("button", { name: "Check" }).click();
    await expect(this.goals.getByRole("button", { name: "Check", exact: true })).toHaveAttribute("aria-disabled", "false");
  }

  /** Answers every question of this step as a learner does who looked it up on their own host. */
  async answerQuestions(): Promise<void> {
    const step = await this.#step();
    for (const form of await this.questions.locator("[data-question]").all()) {
      const question = (await form.getAttribute("data-question")) ?? "";
      const answer = await findAnswer(step, question, this.terminal);
      if ((await form.getByRole("radio").count()) > 0) await form.getByRole("radio", { name: answer, exact: true }).check();
      else await form.getByRole("textbox").fill(answer);
      await form.getByRole("button", { name: "Answer" }).click();
      await expect(form.getByText("Right.")).toBeVisible();
    }
  }

  /** The step's ID, as in the address. */
  async #step(): Promise<string> {
    return (await this.page.locator("[data-step]").getAttribute("data-step")) ?? "";
  }

  async expectStepDone(): Promise<void> {
    await expect(this.#standing).toHaveText("Step done");
  }

  /** Was done, and is not any more: never said to be done beside a goal that is not. */
  async expectStepUndone(): Promise<void> {
    await expect(this.#standing).toHaveText(/^Done before, \d+ undone again$/);
  }

  async expectStepOpen(): Promise<void> {
    await expect(this.#standing).toHaveText(/^\d+ of \d+ done$/);
  }

  /** At the foot of the lesson, between Back and Next. */
  get #standing(): Locator {
    return this.page.getByRole("region", { name: "Lesson", exact: true }).locator(".standing");
  }

  /** "3 of 9 done" in the bar at the top; where all are done, it leads to the certificate. */
  async stepsDone(): Promise<number> {
    const text = (await this.page.getByRole("banner").getByText(/^\d+ of \d+ done/).textContent()) ?? "";
    return Number.parseInt(text, 10);
  }
}

export const LESSON = /Docker images/;
export const LESSON_SLUG = "docker-images";
