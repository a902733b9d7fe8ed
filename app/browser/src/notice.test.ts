import assert from "node:assert/strict";
import { test } from "node:test";
import { isElsewhere, notice, watchNotice } from "./notice.ts";

const elsewhere = { kind: "closed", reason: "it was opened in another window" } as const;
const ended = { kind: "closed", reason: "the shell has ended" } as const;

test("an open line needs no word", () => {
  assert.equal(notice({ kind: "open" }, [], false), undefined);
});

test("a command that was clicked while another runs says what it waits for, and can be typed all the same", () => {
  assert.deepEqual(notice({ kind: "open" }, ["docker ps"], false), {
    text: "A command still runs in the terminal; Ctrl+C ends it, or else a new shell under “Restart…”. Then it types “docker ps”.",
    button: "Type it now",
  });
});

test("a terminal that is open in another window is offered back, never taken unasked", () => {
  assert.ok(isElsewhere(elsewhere));
  assert.ok(!isElsewhere(ended));
  assert.deepEqual(notice(elsewhere, [], false), { text: "Your terminal is open in another window now.", button: "Take it back" });
});

test("a command that waits is named, and so is when it will be typed", () => {
  assert.deepEqual(notice(elsewhere, ["docker ps"], false), {
    text: "Your terminal is open in another window now. Not run yet: “docker ps”.",
    button: "Take it back and run it",
  });
  assert.match(notice({ kind: "lost" }, ["docker ps"], false)?.text ?? "", /connecting again… Then it types “docker ps”\.$/);
});

test("who types while there is no line is told that nothing is sent", () => {
  for (const state of [elsewhere, ended, { kind: "lost" }, { kind: "connecting" }] as const) {
    assert.match(notice(state, [], true)?.text ?? "", /What you type now is not sent\.$/, state.kind);
    assert.doesNotMatch(notice(state, [], false)?.text ?? "", /not sent/, state.kind);
  }
});

test("any other end says its reason, and the way back", () => {
  assert.deepEqual(notice(ended, [], false), { text: "The terminal was closed: the shell has ended.", button: "Connect again" });
});

test("under a terminal that is watched it is said whose it is, and what is to be thought of what it shows", () => {
  assert.equal(watchNotice({ kind: "open" }, "Mara", false), undefined);
  assert.match(watchNotice({ kind: "open" }, "Mara", true)?.text ?? "", /^Mara has no terminal open just now\./);
  assert.match(watchNotice({ kind: "lost" }, "Mara", false)?.text ?? "", /may be old/);
  assert.deepEqual(watchNotice({ kind: "closed", reason: "you were signed out" }, "Mara", false), {
    text: "This view was closed: you were signed out.",
    button: "Connect again",
  });
});
