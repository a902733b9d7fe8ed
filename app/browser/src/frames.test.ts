import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_FRAME, ackWord, binaryFrames, frames, resizeWord, serverWord } from "./frames.ts";

test("short text is one frame of UTF-8", () => {
  assert.deepEqual(frames("ä\r"), [new Uint8Array([0xc3, 0xa4, 0x0d])]);
});

test("a large paste is cut into frames that the server takes, and nothing of it is lost", () => {
  const text = "ä".repeat(MAX_FRAME + 7);
  const cut = frames(text);
  assert.equal(cut.length, 3);
  assert.ok(cut.every((frame) => frame.length <= MAX_FRAME));
  assert.equal(new TextDecoder().decode(Buffer.concat(cut)), text);
});

test("no text is no frame", () => {
  assert.deepEqual(frames(""), []);
});

test("a mouse report goes byte by byte", () => {
  assert.deepEqual(binaryFrames("\x1b[M\xe0"), [new Uint8Array([0x1b, 0x5b, 0x4d, 0xe0])]);
});

test("the server's words are read, and nothing else is", () => {
  assert.deepEqual(serverWord('{"closed":"the shell has ended"}'), { closed: "the shell has ended" });
  assert.deepEqual(serverWord('{"goodbye":"server is restarting"}'), { goodbye: "server is restarting" });
  for (const odd of ["", "null", "[]", '{"closed":1}', '{"other":"x"}', "{"]) assert.equal(serverWord(odd), undefined);
});

test("a resize is said in the words of the protocol", () => {
  assert.equal(resizeWord(80, 24), '{"resize":{"cols":80,"rows":24}}');
});

test("what has been shown is said in the words of the protocol", () => {
  assert.equal(ackWord(32_768), '{"ack":32768}');
});
