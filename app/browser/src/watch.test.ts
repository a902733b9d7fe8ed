import assert from "node:assert/strict";
import { test } from "node:test";
import { type Around, type Screen, Watch, textSize } from "./watch.ts";

/** A watched terminal whose screen writes down what is done to it. */
function world() {
  const done: string[] = [];
  const told: string[] = [];
  const screen = {
    cols: 80,
    rows: 24,
    options: {} as Screen["options"],
    write: (text: string, then?: () => void) => {
      if (text) done.push(JSON.stringify(text));
      then?.();
    },
    resize: (cols: number, rows: number) => done.push(`${cols} × ${rows}`),
  };
  const around = { clientWidth: 0, querySelector: () => null, dispatchEvent: (event: Event) => told.push((event as CustomEvent).detail) > 0 };
  return { watch: new Watch(around as unknown as Around, screen as unknown as Screen), screen, done, told };
}

test("a watched terminal takes no keys until the server says that one may type", () => {
  const { watch, screen, told } = world();
  assert.ok(!watch.mayType && screen.options.disableStdin);
  watch.heard({ assist: "asked" });
  assert.ok(!watch.mayType && screen.options.disableStdin);
  watch.heard({ assist: "granted" });
  assert.ok(watch.mayType && !screen.options.disableStdin);
  watch.heard({ assist: "none" });
  assert.ok(!watch.mayType && screen.options.disableStdin);
  assert.deepEqual(told, ["asked", "granted", "none"]);
});

test("its size and a fresh screen are as the server says", () => {
  const { watch, done } = world();
  watch.heard({ resize: { cols: 120, rows: 40 } });
  watch.heard({ clear: true });
  assert.deepEqual(done, ["120 × 40", JSON.stringify("\x1bc")]);
});

test("that its owner has closed it is news once", () => {
  const { watch } = world();
  assert.ok(watch.heard({ away: true }));
  assert.ok(!watch.heard({ away: true }));
  assert.ok(watch.heard({ away: false }));
});

test("the text becomes as large as there is room for, and stays readable", () => {
  const box = (clientWidth: number, clientHeight: number) => ({ clientWidth, clientHeight });
  assert.equal(textSize(14, box(1400, 480), box(1200, 480)), 12);
  assert.equal(textSize(14, box(700, 960), box(1000, 480)), 9);
  assert.equal(textSize(14, box(100, 100), box(1000, 1000)), 15);
  assert.equal(textSize(14, box(5000, 100), box(500, 1000)), 9);
  assert.equal(textSize(14, box(0, 0), box(500, 500)), 14);
  assert.equal(textSize(14, undefined, null), 14);
});
