// Instructors and classes, as a person meets them in the pages.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { type Locator, type Page, expect } from "@playwright/test";

import { PORT, folderOf } from "./settings.ts";

export const INSTRUCTOR = "Grace Hopper";
const PASSWORD = "a ship in harbour is safe";

/** Signed in: by the link that the server printed at its first start, or by name and password after that. */
export async function signIn(page: Page): Promise<void> {
  const link = `/teach/welcome/${firstLink()}`;
  const isFirst = !(await (await page.request.get(link)).text()).includes("no longer good");
  await enter(page, isFirst ? link : "/teach/sign-in", isFirst ? "Your name" : "Name", INSTRUCTOR);
}

/** Makes an account by the path of a one-time link. */
export async function signUp(page: Page, path: string, name: string): Promise<void> {
  await enter(page, path, "Your name", name);
}

/** By the form on that page, until one is in. */
async function enter(page: Page, path: string, label: string, name: string): Promise<void> {
  await page.goto(path);
  await hydrated(page);
  await page.getByLabel(label).fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.locator("form button[type=submit]").click();
  await expect(page).toHaveURL(/\/teach$/);
  await hydrated(page);
}

/** The secret in the link to the first account. */
function firstLink(): string {
  const log = readFileSync(join(folderOf(PORT), "server.log"), "utf8");
  return /\/teach\/welcome\/(\w+)/.exec(log)?.[1] ?? "none";
}

export interface ClassRoom {
  id: string;
  /** As it is shown: `K7Q-F2M`. */
  code: string;
}

/** Makes a class by the form; ends on its set-up page. */
export async function makeClass(page: Page, name: string): Promise<ClassRoom> {
  await page.goto("/teach");
  await hydrated(page);
  const form = page.locator(".new-class");
  if (!(await form.getByLabel("Name").isVisible())) await form.getByText("Make a class", { exact: true }).click();
  await form.getByLabel("Name").fill(name);
  await form.getByRole("button", { name: "Make the class" }).click();
  await expect(page).toHaveURL(/\/teach\/classes\/\w+\/setup/);
  await hydrated(page);
  const id = /classes\/(\w+)\//.exec(page.url())?.[1] ?? "";
  const code = (await page.getByText(/^[0-9A-Z]{3}-[0-9A-Z]{3}$/).first().textContent()) ?? "";
  return { id, code };
}

/** From the page to join to the lesson. */
export async function joinClass(page: Page, code: string, name: string): Promise<{ wayBack: string }> {
  await page.goto("/join");
  await hydrated(page);
  await page.getByLabel("Code of the class").fill(code.toLowerCase());
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Join", exact: false }).click();
  await expect(page.getByRole("heading", { name: `Welcome, ${name}` })).toBeVisible();
  const wayBack = (await page.getByText(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/).first().textContent()) ?? "";
  await page.getByRole("link", { name: "Go to the lesson" }).click();
  await expect(page.getByRole("region", { name: "Your class" })).toBeVisible();
  return { wayBack };
}

export class BoardPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async open(id: string): Promise<void> {
    await this.page.goto(`/teach/classes/${id}`);
    await hydrated(this.page);
  }

  row(name: string): Locator {
    return this.page.locator(".row[data-place]").filter({ has: this.page.getByText(name, { exact: true }) });
  }

  async names(): Promise<string[]> {
    return this.page.locator(".row[data-place] .row__who").allTextContents();
  }

  why(name: string): Locator {
    return this.row(name).locator(".row__why");
  }

  /** Opens the learner beside the board. */
  async look(name: string): Promise<Locator> {
    await this.row(name).locator(".row__who").click();
    const side = this.page.locator(".side");
    await expect(side.getByRole("heading", { name })).toBeVisible();
    return side;
  }
}

export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html[data-hydrated]")).toBeAttached();
}
