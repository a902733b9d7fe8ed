import assert from "node:assert/strict";
import { test } from "node:test";
import { target } from "./links.ts";

const none = () => undefined;
const preview = (port: string) => (port === "8080" ? "http://p8080-x.preview.localhost:3000/" : undefined);

test("web links open as they are", () => {
  assert.equal(target("https://docs.docker.com/x?y#z", none), "https://docs.docker.com/x?y#z");
});

test("only web links open", () => {
  for (const odd of ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", "not a link"]) assert.equal(target(odd, preview), undefined);
});

test("the workstation's localhost is opened through the preview, path and all", () => {
  assert.equal(target("http://localhost:8080/a/b?c=d", preview), "http://p8080-x.preview.localhost:3000/a/b?c=d");
  assert.equal(target("http://127.0.0.1:8080", preview), "http://p8080-x.preview.localhost:3000/");
});

test("a path can't lead the preview to another origin", () => {
  assert.equal(new URL(target("http://localhost:8080//evil.example/x", preview) ?? "").hostname, "p8080-x.preview.localhost");
});

test("a port that nobody published opens nothing", () => {
  assert.equal(target("http://localhost:9999/", preview), undefined);
});
