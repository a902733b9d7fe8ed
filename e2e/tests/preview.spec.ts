// What a learner's container serves runs in a browser that is logged in to Lunchbox. It must get
// nothing out of that.
import type { Page } from "@playwright/test";

import { BASE_URL } from "../support/settings.ts";
import { type Learner, expect, test } from "../support/test.ts";

/** Answers every request with the headers that came. */
const ECHO =
  `python3 -c "import http.server as s; s.HTTPServer(('',80),type('H',(s.BaseHTTPRequestHandler,),` +
  `{'do_GET':lambda r:(r.send_response(200),r.send_header('Content-Type','text/html'),r.end_headers(),` +
  `r.wfile.write(('<pre>'+str(r.headers)+'</pre>').encode()))})).serve_forever()"`;

async function preview({ context, lesson }: Learner, port: number): Promise<Page> {
  const opened = context.waitForEvent("page");
  await lesson.ports.getByRole("link", { name: `Open ${port} of` }).click();
  const page = await opened;
  await page.waitForLoadState();
  return page;
}

test("a page from a learner's container can't act as the learner", async ({ learner, complaints }) => {
  // The browser says of each attempt that it was stopped.
  complaints.expect(/CORS policy/, /Content Security Policy/, /WebSocket connection to/, /Failed to load resource/, /net::ERR_/, /sandboxed/, /403/);
  const { context, lesson } = learner;
  await lesson.start();
  await lesson.terminal.run(`docker run -d --name web -p 8080:80 python ${ECHO}`);
  const page = await preview(learner, 8080);
  await expect(page.locator("pre")).toContainText(/host:/i);
  expect(await page.locator("pre").textContent(), "Lunchbox's cookie reaches no container").not.toMatch(/cookie/i);
  const sandbox = await lesson.sandbox();

  const got = await page.evaluate(async (lunchbox) => {
    const attempt = async (act: () => unknown): Promise<string> => {
      try {
        return String(await act());
      } catch (error) {
        return `refused: ${String(error)}`;
      }
    };
    const socket = (url: string): Promise<string> =>
      new Promise((resolve) => {
        const line = new WebSocket(url);
        line.onopen = () => resolve("open");
        line.onerror = () => resolve("refused");
      });
    return {
      cookies: await attempt(() => document.cookie),
      page: await attempt(async () => (await fetch(`${lunchbox}/`, { credentials: "include" })).text()),
      stream: await attempt(async () => (await fetch(`${lunchbox}/api/stream?lesson=docker-images`, { credentials: "include" })).status),
      reset: await attempt(async () => (await fetch(`${lunchbox}/api/fn/reset_sandbox`, { method: "POST", mode: "no-cors", credentials: "include" })).type),
      terminal: await attempt(() => socket(`${lunchbox.replace("http", "ws")}/api/terminal?id=1`)),
      opener: await attempt(() => window.opener),
    };
  }, BASE_URL);
  expect(got.cookies === "" || got.cookies.startsWith("refused")).toBe(true);
  expect(got.page).toMatch(/^refused/);
  expect(got.stream).toMatch(/^refused/);
  expect(got.terminal).toMatch(/^refused/);
  expect(got.opener).toBe("null");

  // It may have been sent, but it did nothing.
  expect(await lesson.sandbox()).toBe(sandbox);
  expect(await lesson.terminal.run("docker ps --format '{{.Names}}'")).toBe("web");

  // Nor can it put a cookie of its own onto Lunchbox.
  await page.evaluate(() => {
    try {
      document.cookie = "planted=1; domain=localhost; path=/";
      document.cookie = "planted=1; path=/";
    } catch {
      // An opaque origin may have no cookies at all.
    }
  });
  expect((await context.cookies(BASE_URL)).map(({ name }) => name)).not.toContain("planted");
});

test("a preview whose container is gone says so", async ({ learner, complaints }) => {
  complaints.expect(/Failed to load resource/);
  const { lesson } = learner;
  await lesson.start();
  await lesson.terminal.run("docker run -d --name web -p 8080:80 nginx");
  const page = await preview(learner, 8080);
  await expect(page.getByRole("heading", { name: "Welcome to nginx!" })).toBeVisible();
  await lesson.terminal.run("docker rm -f web");
  await expect(lesson.ports.getByRole("link")).toHaveCount(0);
  const answer = await page.reload();
  expect(answer?.status()).toBeGreaterThanOrEqual(400);
  await expect(page.locator("body")).toContainText(/8080/);
});

test("nothing that a learner publishes is bound on the machine itself", async ({ learner }) => {
  const { lesson } = learner;
  await lesson.start();
  await lesson.terminal.run("docker run -d --name web -p 18080:80 nginx");
  expect(await lesson.terminal.run("curl -s -o /dev/null -w '%{http_code}' localhost:18080; echo")).toBe("200");
  await expect(fetch("http://127.0.0.1:18080/")).rejects.toThrow();
});
