// The line to the server: a WebSocket that comes back by itself.
import { type ServerWord, ackWord, serverWord } from "./frames.ts";

/** The first pause before trying again, and the longest, in milliseconds. */
export const FIRST_PAUSE_MS = 250;
export const LONGEST_PAUSE_MS = 5_000;
/** A line that held this long was a good one: the next pause is the first again. */
const STEADY_MS = 5_000;
/**
 * So many bytes are shown before the server is told. It sends a window of several of these ahead
 * (`WINDOW_BYTES` in server/src/web/terminal/flow.rs), and then waits for us.
 */
export const ACK_EVERY = 16 * 1024;

export type LineState =
  | { kind: "connecting" }
  | { kind: "open" }
  /** Lost; it is being tried again. */
  | { kind: "lost"; goodbye?: string }
  /** The server closed the terminal; nobody tries again until asked. */
  | { kind: "closed"; reason: string };

/** What a line needs of a WebSocket. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  onopen: ((event: Event) => unknown) | null;
  onmessage: ((event: MessageEvent) => unknown) | null;
  onclose: ((event: CloseEvent) => unknown) | null;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(): void;
}

/** What a line needs of the browser; tests bring their own. */
export interface Surroundings {
  connect(): Socket;
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  now(): number;
}

export interface LineEvents {
  state(state: LineState): void;
  /** The line is open: what was shown before is replayed by the server next. */
  opened(again: boolean): void;
  /** To be shown; `shown` is to be called when they have been. */
  bytes(bytes: Uint8Array<ArrayBuffer>, shown: () => void): void;
  /** The server said something of the terminal that is no end of it. */
  word?(word: ServerWord): void;
}

const OPEN = 1;

export class Line {
  #socket: Socket | undefined;
  #timer: number | undefined;
  #failures = 0;
  #openedAt: number | undefined;
  #hasBeenOpen = false;
  #isLost = false;
  /** How it said it would end. */
  #word: { closed: string } | { goodbye: string } | undefined;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly events: LineEvents,
  ) {}

  /** Connects; where a line is open or on its way already, does nothing. */
  connect(): void {
    if (this.#socket) return;
    this.#clearTimer();
    this.#word = undefined;
    // While it is being tried again, what was said of the loss goes on to hold.
    if (!this.#isLost) this.events.state({ kind: "connecting" });
    const socket = this.surroundings.connect();
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      const again = this.#hasBeenOpen;
      this.#hasBeenOpen = true;
      this.#isLost = false;
      this.#openedAt = this.surroundings.now();
      this.events.opened(again);
      this.events.state({ kind: "open" });
    };
    let unsaid = 0;
    socket.onmessage = (event) => {
      if (event.data instanceof ArrayBuffer) {
        const bytes = new Uint8Array(event.data);
        this.events.bytes(bytes, () => {
          unsaid += bytes.length;
          // Of a line that was lost meanwhile nobody waits to hear.
          if (unsaid < ACK_EVERY || this.#socket !== socket || !this.send(ackWord(unsaid))) return;
          unsaid = 0;
        });
      } else if (typeof event.data === "string") {
        const word = serverWord(event.data);
        if (!word) return;
        if ("closed" in word || "goodbye" in word) this.#word = word;
        else this.events.word?.(word);
      }
    };
    socket.onclose = () => this.#ended();
  }

  /** False where the line is not open. */
  send(data: string | Uint8Array<ArrayBuffer>): boolean {
    if (this.#socket?.readyState !== OPEN) return false;
    this.#socket.send(data);
    return true;
  }

  /** Ends it for good. */
  end(): void {
    this.#clearTimer();
    if (!this.#socket) return;
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#socket = undefined;
  }

  /** Tries now instead of after the pause: the network or the page has just come back. */
  hurry(): void {
    if (this.#timer === undefined) return;
    this.#failures = 0;
    this.connect();
  }

  #ended(): void {
    this.#socket = undefined;
    const word = this.#word;
    if (word && "closed" in word) {
      this.#isLost = false;
      this.events.state({ kind: "closed", reason: word.closed });
      return;
    }
    if (this.#openedAt !== undefined && this.surroundings.now() - this.#openedAt >= STEADY_MS) this.#failures = 0;
    this.#openedAt = undefined;
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
    this.#isLost = true;
    this.events.state(word ? { kind: "lost", goodbye: word.goodbye } : { kind: "lost" });
    this.#timer = this.surroundings.setTimeout(() => this.connect(), pause);
  }

  #clearTimer(): void {
    if (this.#timer !== undefined) this.surroundings.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
