// What makes a page work is fetched again where the network failed, and a page that stays without it says so.
import type { Page } from "@playwright/test";

import { violations } from "../support/accessibility.ts";
import { expect, test } from "../support/test.ts";

/** Fails as many requests for the file as said, as a network does that has gone. Returns how many were asked for. */
async function failing(page: Page, file: string, times: number): Promise<() => number> {
  let asked = 0;
  await page.route(new RegExp(`/pkg/${file}(\\?|$)`), (route) => (++asked > times ? route.continue() : route.abort("connectionfailed")));
  return () => asked;
}

for (const file of ["lunchbox.js", "lunchbox_bg.wasm", "terminal.js"]) {
  test(`a page whose ${file} fails twice is there all the same`, async ({ newLearner, complaints }) => {
    complaints.expect(/ERR_CONNECTION_FAILED/);
    const { page, lesson } = await newLearner();
    // Once for the hint in the document's head, too.
    const asked = await failing(page, file, 3);
    await lesson.openFromHome();
    expect(asked()).toBeGreaterThan(3);
    await lesson.start();
    expect(await lesson.terminal.run("docker run --rm alpine echo here after all")).toContain("here after all");
    await expect(page.locator(".start-notice")).toHaveCount(0);
  });
}

test("a page whose program never comes says so, and is whole once it is loaded again", async ({ newLearner, complaints }) => {
  complaints.expect(/ERR_CONNECTION_FAILED/, /Lunchbox could not be started/);
  const { page, lesson } = await newLearner();
  await failing(page, "lunchbox_bg.wasm", Infinity);
  await page.clock.install();
  await page.goto("/");
  const notice = page.locator(".start-notice");
  await page.clock.runFor("00:02");
  await expect(notice).toHaveText("Parts of this page have not come yet. Trying again …");
  const reload = page.getByRole("button", { name: "Reload the page" });
  await expect(async () => {
    await page.clock.runFor("00:10");
    await expect(reload).toBeVisible({ timeout: 500 });
  }).toPass();
  await expect(notice).toContainText("came only in part");
  expect(await violations(page)).toEqual([]);
  await page.unrouteAll();
  await reload.click();
  await page.clock.resume();
  await lesson.hydrated();
});
