import { defineConfig } from "@playwright/test";

import { BASE_URL, CHROMIUM, CHROMIUM_ARGUMENTS } from "./support/settings.ts";

const MINUTE_MS = 60_000;

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  globalSetup: "./support/global-setup.ts",
  // The learners of one test are already several; more at once would measure the machine.
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  // A test that passes the second time has found something.
  retries: 0,
  timeout: 2 * MINUTE_MS,
  expect: { timeout: 15_000 },
  reporter: process.env.CI ? [["list"], ["html", { outputFolder: "report", open: "never" }]] : [["list"]],
  use: {
    baseURL: BASE_URL,
    viewport: { width: 1280, height: 720 },
    locale: "en-GB",
    actionTimeout: 15_000,
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: { executablePath: CHROMIUM, args: CHROMIUM_ARGUMENTS },
  },
});
