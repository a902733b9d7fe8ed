import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerWord } from "./frames.ts";
import { ACK_EVERY, FIRST_PAUSE_MS, LONGEST_PAUSE_MS, Line, type LineState, type Socket } from "./line.ts";

class FakeSocket implements Socket {
  binaryType = "";
  readyState = 0;
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  sent: (string | Uint8Array)[] = [];

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.sent.push(data);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.({} as Event);
  }

  say(data: unknown): void {
    this.onmessage?.({ data } as MessageEvent);
  }

  drop(): void {
    this.readyState = 3;
    this.onclose?.({} as CloseEvent);
  }
}

/** A line in a world whose clock the test turns. */
function world() {
  const sockets: FakeSocket[] = [];
  const states: LineState[] = [];
  const opened: boolean[] = [];
  const pauses: number[] = [];
  const toShow: (() => void)[] = [];
  const words: ServerWord[] = [];
  let pending: (() => void) | undefined;
  let now = 0;
  const line = new Line(
    {
      connect: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
      setTimeout: (run, ms) => {
        pauses.push(ms);
        pending = run;
        return pauses.length;
      },
      clearTimeout: () => (pending = undefined),
      now: () => now,
    },
    {
      state: (state) => states.push(state),
      opened: (again) => opened.push(again),
      bytes: (_bytes, shown) => toShow.push(shown),
      word: (word) => words.push(word),
    },
  );
  const last = () => sockets.at(-1) as FakeSocket;
  const wait = () => {
    const run = pending;
    pending = undefined;
    run?.();
  };
  const pass = (ms: number) => (now += ms);
  /** As a screen that has shown all it was given. */
  const show = () => toShow.splice(0).forEach((shown) => shown());
  return { line, sockets, states, opened, pauses, words, last, show, wait, pass, isWaiting: () => pending !== undefined };
}

test("a dropped line comes back, and says that it is back and not new", () => {
  const { line, opened, states, last, wait, sockets } = world();
  line.connect();
  last().open();
  last().drop();
  assert.deepEqual(states.at(-1), { kind: "lost" });
  wait();
  last().open();
  assert.equal(sockets.length, 2);
  assert.deepEqual(opened, [false, true]);
  assert.deepEqual(states.at(-1), { kind: "open" });
});

test("pauses grow to a limit while the server is away", () => {
  const { line, pauses, last, wait } = world();
  line.connect();
  for (let failure = 0; failure < 8; failure += 1) {
    last().drop();
    wait();
  }
  assert.deepEqual(pauses.slice(0, 3), [FIRST_PAUSE_MS, FIRST_PAUSE_MS * 2, FIRST_PAUSE_MS * 4]);
  assert.equal(pauses.at(-1), LONGEST_PAUSE_MS);
});

test("after a line that held, the first pause is short again", () => {
  const { line, pauses, last, wait, pass } = world();
  line.connect();
  last().drop();
  wait();
  last().open();
  pass(60_000);
  last().drop();
  assert.equal(pauses.at(-1), FIRST_PAUSE_MS);
});

test("a line that drops at once is not asked for faster and faster", () => {
  const { line, pauses, last, wait } = world();
  line.connect();
  last().open();
  last().drop();
  wait();
  last().open();
  last().drop();
  assert.deepEqual(pauses, [FIRST_PAUSE_MS, FIRST_PAUSE_MS * 2]);
});

test("what the server closed stays closed until somebody asks: another tab may have it now", () => {
  const { line, states, last, isWaiting, sockets } = world();
  line.connect();
  last().open();
  last().say('{"closed":"it was opened in another window"}');
  last().drop();
  assert.deepEqual(states.at(-1), { kind: "closed", reason: "it was opened in another window" });
  assert.equal(isWaiting(), false);
  line.connect();
  assert.equal(sockets.length, 2);
  assert.deepEqual(states.at(-1), { kind: "connecting" });
});

test("a loss is spoken of until the line is open again", () => {
  const { line, states, last, wait } = world();
  line.connect();
  last().open();
  last().drop();
  wait();
  assert.deepEqual(states.at(-1), { kind: "lost" });
  last().drop();
  wait();
  assert.deepEqual(states.at(-1), { kind: "lost" });
  last().open();
  assert.deepEqual(states.at(-1), { kind: "open" });
});

test("a goodbye is passed on, and the line comes back by itself", () => {
  const { line, states, last, isWaiting } = world();
  line.connect();
  last().open();
  last().say('{"goodbye":"server is restarting"}');
  last().drop();
  assert.deepEqual(states.at(-1), { kind: "lost", goodbye: "server is restarting" });
  assert.equal(isWaiting(), true);
});

test("nothing is sent, and nobody is told so, while there is no line", () => {
  const { line, last } = world();
  assert.equal(line.send("x"), false);
  line.connect();
  assert.equal(line.send("x"), false);
  last().open();
  assert.equal(line.send("x"), true);
  assert.deepEqual(last().sent, ["x"]);
});

test("an ended line neither comes back nor speaks", () => {
  const { line, states, last, isWaiting, sockets } = world();
  line.connect();
  last().open();
  const said = states.length;
  line.end();
  last().drop();
  assert.equal(states.length, said);
  assert.equal(isWaiting(), false);
  assert.equal(sockets.length, 1);
});

test("when the network is back nobody waits for the pause to end", () => {
  const { line, last, sockets } = world();
  line.connect();
  last().drop();
  line.hurry();
  assert.equal(sockets.length, 2);
  line.hurry();
  assert.equal(sockets.length, 2);
});

test("the server is told what has been shown, not what has come", () => {
  const { line, last, show } = world();
  line.connect();
  last().open();
  for (let piece = 0; piece < 4; piece += 1) last().say(new ArrayBuffer(ACK_EVERY / 2));
  assert.deepEqual(last().sent, []);
  show();
  assert.deepEqual(last().sent, [`{"ack":${ACK_EVERY}}`, `{"ack":${ACK_EVERY}}`]);
  last().say(new ArrayBuffer(1));
  show();
  assert.equal(last().sent.length, 2, "a little is not worth a word");
});

test("what the line before brought is not told to the server on the next one", () => {
  const { line, last, show, wait } = world();
  line.connect();
  last().open();
  last().say(new ArrayBuffer(ACK_EVERY));
  last().drop();
  wait();
  last().open();
  show();
  assert.deepEqual(last().sent, []);
});

test("a word that is no end is passed on at once, and ends nothing", () => {
  const { line, last, states, words } = world();
  line.connect();
  last().open();
  last().say('{"assist":"granted"}');
  last().say('{"other":1}');
  assert.deepEqual(words, [{ assist: "granted" }]);
  last().drop();
  assert.deepEqual(states.at(-1), { kind: "lost" });
});
