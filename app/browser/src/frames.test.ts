import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_FRAME, RENEW_WORD, ackWord, binaryFrames, frames, isReport, resizeWord, serverWord } from "./frames.ts";

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

test("of a terminal that is watched, its size, a fresh screen and who may type are read", () => {
  assert.deepEqual(serverWord('{"resize":{"cols":80,"rows":24}}'), { resize: { cols: 80, rows: 24 } });
  assert.deepEqual(serverWord('{"clear":true}'), { clear: true });
  assert.deepEqual(serverWord('{"assist":"granted"}'), { assist: "granted" });
  assert.deepEqual(serverWord('{"away":false}'), { away: false });
});

test("no size is taken that no terminal has", () => {
  for (const size of ['{"cols":0,"rows":24}', '{"cols":80,"rows":1e9}', '{"cols":80.5,"rows":24}', '{"cols":"80","rows":24}', "null", "80"]) {
    assert.equal(serverWord(`{"resize":${size}}`), undefined, size);
  }
});

test("what a terminal answers by itself is told from what is typed", () => {
  for (const report of ["\x1b[24;80R", "\x1b[?1;2c", "\x1b[>0;276;0c", "\x1b[0n", "\x1b[I", "\x1b]11;rgb:ffff/ffff/ffff\x07", "\x1bP1$r0m\x1b\\"]) {
    assert.ok(isReport(report), JSON.stringify(report));
  }
  for (const typed of ["R", "\r", "\x1b", "\x1b[A", "\x1b[5~", "\x1b[1;5C", "\x03", "docker ps\r", "\x1bOR"]) {
    assert.ok(!isReport(typed), JSON.stringify(typed));
  }
});

test("a resize is said in the words of the protocol", () => {
  assert.equal(resizeWord(80, 24), '{"resize":{"cols":80,"rows":24}}');
});

test("a fresh shell is asked for in the words of the protocol", () => {
  assert.equal(RENEW_WORD, '{"renew":true}');
});

test("what has been shown is said in the words of the protocol", () => {
  assert.equal(ackWord(32_768), '{"ack":32768}');
});
