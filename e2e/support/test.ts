// `test` as every file here uses it: learners with a browser of their own each, and a guard that
// fails the test when a page complained.
import { type BrowserContext, type BrowserContextOptions, type ConsoleMessage, type Page, test as base, expect } from "@playwright/test";

import { LessonPage } from "./lesson-page.ts";

export { expect };

/** Collects what pages complain of. */
export class Complaints {
  readonly #heard: string[] = [];
  readonly #expected: RegExp[] = [
    // What a learner's own server answers is not ours to judge: nginx has no favicon.
    /status of 404.*\(http:\/\/[^/]*\.localhost:\d+\/favicon\.ico\)$/,
    // The browser's word for what it does to this machine alone (see NETWORK_CHANGED); what comes of it is ours.
    /Failed to load resource: net::ERR_NETWORK_CHANGED/,
  ];

  watch(context: BrowserContext): void {
    context.on("console", (message: ConsoleMessage) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.#heard.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on("weberror", (error) => this.#heard.push(`page error: ${error.error().stack ?? error.error().message}`));
  }

  /** For tests that break something on purpose. */
  expect(...patterns: RegExp[]): void {
    this.#expected.push(...patterns);
  }

  get unexpected(): string[] {
    // What the server refuses it says in an answer like any other: no test may expect it to be a fault.
    const isRefusal = (one: string): boolean => /status of 409/.test(one);
    return this.#heard.filter((one) => isRefusal(one) || !this.#expected.some((pattern) => pattern.test(one)));
  }
}

/** Chromium drops what is being connected whenever an address of the machine comes or goes, as with each container here. */
const NETWORK_CHANGED = /net::ERR_NETWORK_CHANGED/;

/** Makes the page do what a browser does before a person: a document that was dropped so is asked for again. */
function goAgain(page: Page): void {
  const goto = page.goto.bind(page);
  page.goto = async (...where) => {
    for (let left = 5; ; left--) {
      try {
        return await goto(...where);
      } catch (error) {
        if (left === 0 || !NETWORK_CHANGED.test(String(error))) throw error;
      }
    }
  };
}

/** A person with a browser of their own (own cookies), at a lesson. */
export interface Learner {
  context: BrowserContext;
  page: Page;
  lesson: LessonPage;
}

interface Fixtures {
  complaints: Complaints;
  /** Somebody new. Each call is another person; options may carry the cookies of an earlier visit. */
  newLearner: (options?: BrowserContextOptions) => Promise<Learner>;
  /** Somebody new, already on the lesson's page. */
  learner: Learner;
}

export const test = base.extend<Fixtures>({
  complaints: [
    // eslint-disable-next-line no-empty-pattern -- Playwright asks for it
    async ({}, use) => {
      const complaints = new Complaints();
      await use(complaints);
      expect(complaints.unexpected, "what the browser's console said").toEqual([]);
    },
    { auto: true },
  ],

  newLearner: async ({ browser, complaints }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext(options);
      contexts.push(context);
      complaints.watch(context);
      const page = await context.newPage();
      goAgain(page);
      return { context, page, lesson: new LessonPage(page) };
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  learner: async ({ newLearner }, use) => {
    const learner = await newLearner();
    await learner.lesson.openFromHome();
    await use(learner);
  },
});
