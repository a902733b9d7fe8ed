import assert from "node:assert/strict";
import { test } from "node:test";
import { Shell } from "./shell.ts";

test("a shell is busy from the command's start to the next prompt", () => {
  const shell = new Shell();
  assert.ok(shell.mark("A"));
  assert.ok(!shell.isBusy("root@lunchbox:~# "));
  assert.ok(!shell.mark("C"));
  assert.ok(shell.isBusy("10.0.0.1 - GET /"));
  shell.mark("A;aid=1");
  assert.ok(!shell.isBusy(""));
});

test("between Enter and the shell's word a second command waits", () => {
  const shell = new Shell();
  shell.mark("A");
  shell.entered();
  assert.ok(shell.isBusy(""));
});

test("a program that asks for input takes what is typed, and so does a shell that says nothing of itself", () => {
  const shell = new Shell();
  assert.ok(!shell.isBusy("anything"), "nothing is known");
  shell.entered();
  assert.ok(!shell.isBusy("anything"), "nothing is known still");
  shell.mark("C");
  for (const line of ["root@4f1c:/# ", "/ # ", "$ ", ">>> ", "Password: ", "mysql> "]) assert.ok(!shell.isBusy(line), line);
  shell.forget();
  assert.ok(!shell.isBusy("GET /"));
});
