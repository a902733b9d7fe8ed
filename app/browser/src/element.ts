// <lunchbox-terminal data-src="/api/terminal?id=1">: a terminal that lives on the server.
// With data-watch="true" and data-name: another's, to look at. It has the size that it has where it is typed in,
// and takes keys only while the server says that one may type; each such word is told by the event `assist`.
import { FitAddon } from "@xterm/addon-fit";
import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { Terminal } from "@xterm/xterm";
import { RENEW_WORD, TYPING_WORD, binaryFrames, frames, isReport, resizeWord } from "./frames.ts";
import { Line, type LineState } from "./line.ts";
import { openLink } from "./links.ts";
import { isElsewhere, notice, watchNotice } from "./notice.ts";
import { MARKS, Shell } from "./shell.ts";
import { theme } from "./theme.ts";
import { Watch } from "./watch.ts";

/** Lines kept above the screen. */
const SCROLLBACK = 5_000;
/** Text size in pixels: at first, and the least and the most it can be set to. */
const TEXT_SIZE = 14;
const SMALLEST_TEXT = 10;
const LARGEST_TEXT = 32;
const TEXT_SIZE_KEY = "lunchbox.terminal-text-size";
/** In a window narrower than this the text begins smaller, so that a row of `docker ps` fits; in a projector's, larger. */
const ROOMY_WINDOW = 1440;
const WIDE_WINDOW = 1600;
/** A pause this short is not worth a word, in milliseconds. */
const QUIET_MS = 400;
/** A shell that has printed nothing for so long is at its prompt; one that says nothing at all is not waited for longer. */
const SETTLED_MS = 250;
const SILENT_MS = 1_500;
/** From the shell's word that its prompt follows until that stands there. */
const PROMPT_MS = 50;
/** What the way out of the terminal by keyboard focuses. */
const WAY_OUT = "#step-title, #side-title";
const LABEL = "Terminal. Press F6 to leave it.";
/** Said where it is so: `curl https://…` and `apt update` would be a riddle else. */
const NO_INTERNET = "No internet in here: images come from the course’s own registry.";
/** What a terminal reports of itself where a program has asked for it: nobody typed that. */
const FOCUS_REPORTS = ["\x1b[I", "\x1b[O"];
/** Deletes what stands on the line before the cursor: bash's and the terminal's own key for it. */
const KILL_LINE = "\x15";
/** Puts the terminal into the state in which it began (RIS). */
const RESET = "\x1bc";

export class LunchboxTerminal extends HTMLElement {
  #terminal: Terminal | undefined;
  #line: Line | undefined;
  #notice: HTMLElement | undefined;
  #noticeTimer: number | undefined;
  #state: LineState = { kind: "connecting" };
  readonly #shell = new Shell();
  /** Commands that were clicked while there was no line, or while another ran. */
  #waiting: string[] = [];
  #waitingTimer: number | undefined;
  #typedInVain = false;
  /** A fresh shell was asked for while there was no line. */
  #isToRenew = false;
  #cleanUp: (() => void)[] = [];
  /** Where this is another's terminal. */
  #watched: Watch | undefined;

  connectedCallback(): void {
    const source = this.dataset["src"];
    if (!source || this.#terminal) return;
    const motion = matchMedia("(prefers-reduced-motion: reduce)");
    const terminal = new Terminal({
      allowProposedApi: true,
      cursorBlink: !motion.matches,
      fontFamily: getComputedStyle(this).getPropertyValue("--font-mono").trim() || "monospace",
      fontSize: keptTextSize() ?? firstTextSize(window.innerWidth),
      lineHeight: 1.2,
      linkHandler: { activate: (_event, uri) => openLink(uri), allowNonHttpProtocols: false },
      macOptionIsMeta: true,
      minimumContrastRatio: 4.5,
      scrollback: SCROLLBACK,
      theme: theme(this),
    });
    this.#terminal = terminal;

    const screen = document.createElement("div");
    screen.className = "lbt__screen";
    this.#notice = document.createElement("div");
    this.#notice.className = "lbt__notice";
    this.#notice.setAttribute("role", "status");
    const foot = document.createElement("div");
    foot.className = "lbt__foot";
    const isWatched = this.dataset["watch"] === "true";
    foot.append(this.#notice, ...(isWatched ? [] : [keys(this.dataset["internet"] !== "true")]));
    this.replaceChildren(screen, foot);

    const fit = new FitAddon();
    terminal.loadAddon(fit);
    terminal.loadAddon(new WebLinksAddon((_event, uri) => openLink(uri)));
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = "11";
    // Programs must not read or write the clipboard; what they ask for is swallowed.
    terminal.parser.registerOscHandler(52, () => true);
    terminal.parser.registerOscHandler(MARKS, (data) => {
      if (this.#shell.mark(data)) this.#typeWaitingAfter(PROMPT_MS);
      return true;
    });
    terminal.attachCustomKeyEventHandler((event) => this.#key(event));
    terminal.open(screen);
    terminal.textarea?.setAttribute("aria-label", LABEL);
    const watched = isWatched ? new Watch(this, terminal) : undefined;
    this.#watched = watched;

    const line = new Line(
      {
        connect: () => new WebSocket(new URL(source, location.href.replace(/^http/, "ws"))),
        setTimeout: (run, ms) => window.setTimeout(run, ms),
        clearTimeout: (timer) => window.clearTimeout(timer),
        now: () => performance.now(),
      },
      {
        state: (state) => {
          this.#state = state;
          if (state.kind === "open") this.#typedInVain = false;
          this.#say();
        },
        opened: (again) => {
          // The server replays all it has; what is on the screen would be there twice. Said in the
          // terminal's own words, so that it comes after what is still to be shown of the line before.
          if (again) terminal.write(RESET, () => this.#shell.forget());
          if (!watched) line.send(resizeWord(terminal.cols, terminal.rows));
          if (this.#isToRenew) this.#isToRenew = !line.send(RENEW_WORD);
          this.#typeWaitingAfter(SILENT_MS);
        },
        bytes: (bytes, shown) => {
          terminal.write(bytes, shown);
          this.#typeWaitingAfter(SETTLED_MS);
        },
        word: (word) => {
          if (watched?.heard(word)) this.#say(0);
          // Only what is typed from here on is typed with leave.
          if ("assist" in word && watched?.mayType) line.send(TYPING_WORD);
        },
      },
    );
    this.#line = line;
    terminal.onData((text) => {
      if (watched) {
        if (watched.mayType && !isReport(text)) frames(text).forEach((frame) => line.send(frame));
        return;
      }
      const sent = frames(text).every((frame) => line.send(frame));
      if (sent || FOCUS_REPORTS.includes(text) || this.#typedInVain) return;
      this.#typedInVain = true;
      this.#say(0);
    });
    terminal.onBinary((text) => {
      if (!watched || watched.mayType) binaryFrames(text).forEach((frame) => line.send(frame));
    });
    if (!watched) terminal.onResize(({ cols, rows }) => line.send(resizeWord(cols, rows)));
    const fitNow = () => (watched ? watched.fit() : fit.fit());
    this.#watch(terminal, fitNow, line, motion);
    fitNow();
    line.connect();
  }

  disconnectedCallback(): void {
    this.#cleanUp.splice(0).forEach((undo) => undo());
    window.clearTimeout(this.#noticeTimer);
    window.clearTimeout(this.#waitingTimer);
    this.#waiting = [];
    this.#line?.end();
    this.#terminal?.dispose();
    this.#line = this.#terminal = this.#watched = undefined;
    this.replaceChildren();
  }

  /**
   * Types a command and presses Enter, in place of what stands on the line. Where another runs, it waits
   * for that. Where there is no line it is connected first; from another window it is not taken unasked, but
   * offered back. False where there is no terminal at all.
   */
  run(command: string): boolean {
    if (!this.#terminal || !this.#line) return false;
    this.#comeIntoView();
    const isOpen = this.#state.kind === "open";
    if (!(isOpen && this.#isBusy()) && this.#type(command)) return true;
    if (this.#waiting.at(-1) !== command) this.#waiting.push(command);
    this.#say(isOpen ? QUIET_MS : 0);
    if (isOpen && this.#state.kind === "open") {
      // So that Ctrl+C goes where it is of use.
      this.#terminal.focus();
      return true;
    }
    if (isElsewhere(this.#state)) {
      this.#notice?.querySelector("button")?.focus();
    } else {
      this.#line.hurry();
      this.#line.connect();
      this.#terminal.focus();
    }
    return true;
  }

  /**
   * Ends what runs in the terminal, however deaf it is, and has a fresh shell there. Where there is no line it is
   * connected first, away from another window, too: who asks for a shell here means this one.
   */
  renew(): boolean {
    if (!this.#terminal || !this.#line) return false;
    this.#shell.forget();
    if (!this.#line.send(RENEW_WORD)) {
      this.#isToRenew = true;
      this.#line.hurry();
      this.#line.connect();
    }
    this.#terminal.focus();
    return true;
  }

  /** On a phone it lies below the lesson: what runs in it is no use out of sight. It takes the focus without moving. */
  #comeIntoView(): void {
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    (this.closest(".pane") ?? this).scrollIntoView({ block: "nearest", behavior: isCalm ? "auto" : "smooth" });
  }

  #type(command: string): boolean {
    const terminal = this.#terminal;
    if (!terminal) return false;
    const typed = (terminal.buffer.active.type === "normal" ? KILL_LINE : "") + command.trim().replace(/\r?\n/g, "\r") + "\r";
    const sent = frames(typed).every((frame) => this.#line?.send(frame));
    if (sent) {
      this.#shell.entered();
      terminal.scrollToBottom();
      terminal.focus();
    }
    return sent;
  }

  /** What was clicked meanwhile is typed once the shell has said all that it has to say at first. */
  #typeWaitingAfter(pause: number): void {
    if (this.#waiting.length === 0) return;
    window.clearTimeout(this.#waitingTimer);
    this.#waitingTimer = window.setTimeout(() => {
      while (this.#waiting[0] !== undefined && !this.#isBusy() && this.#type(this.#waiting[0])) this.#waiting.shift();
      this.#say();
    }, pause);
  }

  /** All that waits, whatever runs. */
  #typeWaitingNow(): void {
    while (this.#waiting[0] !== undefined && this.#type(this.#waiting[0])) this.#waiting.shift();
    this.#say();
  }

  #isBusy(): boolean {
    const buffer = this.#terminal?.buffer.active;
    if (!buffer) return false;
    const line = buffer.getLine(buffer.baseY + buffer.cursorY)?.translateToString(false, 0, buffer.cursorX) ?? "";
    return this.#shell.isBusy(line);
  }

  /** All the terminal shows and has above, as text. For tests and for whoever wants to copy it. */
  screenText(): string {
    const buffer = this.#terminal?.buffer.active;
    if (!buffer) return "";
    let text = "";
    for (let row = 0; row < buffer.length; row += 1) {
      const line = buffer.getLine(row);
      if (!line) continue;
      if (row > 0 && !line.isWrapped) text = `${text.trimEnd()}\n`;
      text += line.translateToString(!buffer.getLine(row + 1)?.isWrapped);
    }
    return text.trimEnd();
  }

  /** "on" or "off": what screen readers need. */
  screenReader(mode: string): boolean {
    if (!this.#terminal) return false;
    this.#terminal.options.screenReaderMode = mode === "on";
    return true;
  }

  /** Sets the text larger by so many pixels (smaller where negative). */
  zoom(by: string | number): boolean {
    const terminal = this.#terminal;
    if (!terminal) return false;
    const size = Math.min(Math.max((terminal.options.fontSize ?? TEXT_SIZE) + Number(by), SMALLEST_TEXT), LARGEST_TEXT);
    terminal.options.fontSize = size;
    keepTextSize(size);
    this.dispatchEvent(new Event("lunchbox:zoomed"));
    return true;
  }

  override focus(): void {
    this.#terminal?.focus();
  }

  /** What changes around the terminal and concerns it. */
  #watch(terminal: Terminal, fit: () => void, line: Line, motion: MediaQueryList): void {
    let asked = 0;
    const refit = () => {
      cancelAnimationFrame(asked);
      asked = requestAnimationFrame(() => {
        if (this.clientWidth > 0 && this.clientHeight > 0) fit();
      });
    };
    const size = new ResizeObserver(refit);
    size.observe(this);
    const themes = new MutationObserver(() => {
      terminal.options.theme = theme(this);
    });
    themes.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    this.#cleanUp.push(
      () => size.disconnect(),
      () => themes.disconnect(),
      listen(this, "lunchbox:zoomed", refit),
      listen(motion, "change", () => (terminal.options.cursorBlink = !motion.matches)),
      listen(window, "online", () => line.hurry()),
      listen(document, "visibilitychange", () => document.visibilityState === "visible" && line.hurry()),
      // F6 goes from the lesson into the terminal, as it goes out of it.
      listen(document, "keydown", (event) => {
        if (!(event instanceof KeyboardEvent) || event.key !== "F6" || event.defaultPrevented || this.contains(document.activeElement)) return;
        event.preventDefault();
        terminal.focus();
      }),
    );
  }

  /** False where xterm.js shall leave the key alone. */
  #key(event: KeyboardEvent): boolean {
    if (event.type !== "keydown") return true;
    if (event.key === "F6" && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      event.stopPropagation();
      const out = document.querySelector<HTMLElement>(WAY_OUT);
      if (out) out.focus();
      else this.#terminal?.blur();
      return false;
    }
    if (event.ctrlKey && event.shiftKey && event.code === "KeyC") {
      event.preventDefault();
      const selection = this.#terminal?.getSelection();
      if (selection) void navigator.clipboard?.writeText(selection).catch(() => document.execCommand("copy"));
      return false;
    }
    // The browser's own paste follows, as an event that xterm.js understands.
    if (event.ctrlKey && event.shiftKey && event.code === "KeyV") return false;
    return true;
  }

  /** Says how the line stands; of a short pause, only after it has lasted. */
  #say(after = QUIET_MS): void {
    window.clearTimeout(this.#noticeTimer);
    const state = this.#state;
    this.dataset["line"] = state.kind;
    const show = () => this.#show();
    const isAsUsual = state.kind === "open" && this.#waiting.length === 0 && !this.#watched?.isAway;
    if (isAsUsual || state.kind === "closed") show();
    else this.#noticeTimer = window.setTimeout(show, after);
  }

  #show(): void {
    const now = this.#watched
      ? watchNotice(this.#state, this.dataset["name"] ?? "The learner", this.#watched.isAway)
      : notice(this.#state, this.#waiting, this.#typedInVain);
    if (!now) {
      this.#notice?.replaceChildren();
      return;
    }
    const text = document.createElement("span");
    text.textContent = now.text;
    if (now.button === undefined) {
      this.#notice?.replaceChildren(text);
      return;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button lbt__again";
    button.textContent = now.button;
    button.addEventListener("click", () => {
      if (this.#state.kind === "open") this.#typeWaitingNow();
      else this.#line?.connect();
      this.#terminal?.focus();
    });
    this.#notice?.replaceChildren(text, button);
  }
}

/** The keys that a terminal in a page has of its own, and what one would look for in vain. */
function keys(isOffline: boolean): HTMLElement {
  const line = document.createElement("p");
  line.className = "lbt__keys";
  const mac = /Mac|iP/.test(navigator.platform);
  const key = (name: string, does: string) => {
    const part = document.createElement("span");
    const kbd = document.createElement("kbd");
    kbd.textContent = name;
    part.append(kbd, ` ${does}`);
    return part;
  };
  const note = document.createElement("span");
  note.className = "lbt__note";
  note.textContent = NO_INTERNET;
  line.append(key(mac ? "⌘C" : "Ctrl+Shift+C", "copy"), key(mac ? "⌘V" : "Ctrl+Shift+V", "paste"), key("F6", "in and out"));
  if (isOffline) line.append(note);
  return line;
}

function listen(target: EventTarget, name: string, run: (event: Event) => unknown): () => void {
  target.addEventListener(name, run);
  return () => target.removeEventListener(name, run);
}

function firstTextSize(width: number): number {
  if (width < ROOMY_WINDOW) return TEXT_SIZE - 1;
  return width < WIDE_WINDOW ? TEXT_SIZE : TEXT_SIZE + 1;
}

function keptTextSize(): number | undefined {
  try {
    const kept = Number(localStorage.getItem(TEXT_SIZE_KEY));
    return kept >= SMALLEST_TEXT && kept <= LARGEST_TEXT ? kept : undefined;
  } catch {
    return undefined;
  }
}

function keepTextSize(size: number): void {
  try {
    localStorage.setItem(TEXT_SIZE_KEY, String(size));
  } catch {
    // Storage may be forbidden; then the size holds until the page goes.
  }
}
