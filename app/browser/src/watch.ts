// Another's terminal, to look at: what the server says of it, and how it fits into the room there is.
import type { Terminal } from "@xterm/xterm";
import type { ServerWord } from "./frames.ts";

/** Text size in pixels: the least that can still be read, and the most. */
const SMALLEST_TEXT = 9;
const LARGEST_TEXT = 15;
/** Puts the terminal into the state in which it began (RIS). */
const RESET = "\x1bc";

/** What of xterm.js is needed here; tests bring their own. */
export type Screen = Pick<Terminal, "write" | "resize" | "cols" | "rows"> & {
  options: Pick<Terminal["options"], "fontSize" | "disableStdin" | "cursorBlink">;
  readonly element?: HTMLElement | undefined;
};

/** The element around it: it hears of who may type. */
export type Around = Pick<HTMLElement, "clientWidth" | "dispatchEvent" | "querySelector">;

export class Watch {
  mayType = false;
  isAway = false;

  constructor(
    private readonly around: Around,
    private readonly screen: Screen,
  ) {
    screen.options.disableStdin = true;
    screen.options.cursorBlink = false;
  }

  /** True where what is said under the terminal has changed. */
  heard(word: ServerWord): boolean {
    if ("resize" in word) {
      const { cols, rows } = word.resize;
      // After what came before it.
      this.screen.write("", () => {
        this.screen.resize(cols, rows);
        this.fit();
      });
    } else if ("clear" in word) {
      this.screen.write(RESET);
    } else if ("away" in word) {
      const changed = this.isAway !== word.away;
      this.isAway = word.away;
      return changed;
    } else if ("assist" in word) {
      this.mayType = word.assist === "granted";
      this.screen.options.disableStdin = !this.mayType;
      this.screen.options.cursorBlink = this.mayType;
      this.around.dispatchEvent(new CustomEvent("assist", { detail: word.assist }));
    }
    return false;
  }

  /** Its size is its owner's; so it is the text that becomes as large as there is room for. */
  fit(): void {
    const drawn = this.screen.element?.querySelector<HTMLElement>(".xterm-screen");
    const room = this.around.querySelector<HTMLElement>(".lbt__screen");
    const size = textSize(this.screen.options.fontSize ?? LARGEST_TEXT, drawn, room);
    if (size !== this.screen.options.fontSize) this.screen.options.fontSize = size;
  }
}

interface Box {
  clientWidth: number;
  clientHeight: number;
}

/** The text size with which what is drawn fits into the room, in whole pixels; as it is where one can't be measured. */
export function textSize(now: number, drawn: Box | null | undefined, room: Box | null | undefined): number {
  if (!drawn || !room || drawn.clientWidth === 0 || room.clientWidth === 0 || drawn.clientHeight === 0) return now;
  const share = Math.min(room.clientWidth / drawn.clientWidth, room.clientHeight / drawn.clientHeight);
  return Math.min(Math.max(Math.floor(now * share), SMALLEST_TEXT), LARGEST_TEXT);
}
