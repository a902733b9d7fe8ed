// What goes over the terminal's WebSocket: bytes in binary frames, a little JSON in text frames.

/** The most that one frame to the server carries, in bytes; a large paste becomes several. */
export const MAX_FRAME = 32 * 1024;

const encoder = new TextEncoder();

/** Text as UTF-8, in frames. A character may be cut in two: the other end reads a stream. */
export function frames(text: string): Uint8Array<ArrayBuffer>[] {
  return cut(encoder.encode(text));
}

/** A string whose every character is one byte, as xterm.js gives mouse reports. */
export function binaryFrames(text: string): Uint8Array<ArrayBuffer>[] {
  return cut(Uint8Array.from(text, (character) => character.charCodeAt(0) & 0xff));
}

function cut(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += MAX_FRAME) parts.push(bytes.subarray(at, at + MAX_FRAME));
  return parts;
}

/** What the server says about the terminal itself. The last four are said of one that is watched. */
export type ServerWord =
  | { closed: string }
  | { goodbye: string }
  /** The size it has where it is typed in. */
  | { resize: { cols: number; rows: number } }
  /** What was on the screen is sent anew. */
  | { clear: true }
  /** Whether whoever watches may type: `none`, `asked` or `granted`. */
  | { assist: string }
  /** Whether it is not open where it is typed in. */
  | { away: boolean };

/** Reads a text frame; what is not understood is nothing. */
export function serverWord(text: string): ServerWord | undefined {
  let word: unknown;
  try {
    word = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof word !== "object" || word === null) return undefined;
  if ("closed" in word && typeof word.closed === "string") return { closed: word.closed };
  if ("goodbye" in word && typeof word.goodbye === "string") return { goodbye: word.goodbye };
  if ("assist" in word && typeof word.assist === "string") return { assist: word.assist };
  if ("clear" in word && word.clear === true) return { clear: true };
  if ("away" in word && typeof word.away === "boolean") return { away: word.away };
  if ("resize" in word) return sizeWord(word.resize);
  return undefined;
}

/** Columns or rows that a terminal has at most. */
const LARGEST_SIDE = 1_000;

function sizeWord(size: unknown): ServerWord | undefined {
  if (typeof size !== "object" || size === null || !("cols" in size) || !("rows" in size)) return undefined;
  const { cols, rows } = size;
  if (!isSide(cols) || !isSide(rows)) return undefined;
  return { resize: { cols, rows } };
}

function isSide(side: unknown): side is number {
  return typeof side === "number" && Number.isInteger(side) && side > 0 && side <= LARGEST_SIDE;
}

export function resizeWord(cols: number, rows: number): string {
  return JSON.stringify({ resize: { cols, rows } });
}

/**
 * What a terminal answers by itself where a program has asked it something: where it is, what it is, its colours.
 * Of two terminals that show one shell only one may answer.
 */
const REPORT = /^(?:\x1b\[[?>]?[\d;]*[cRnyx]|\x1b\[[IO]|\x1b[\]P].*)$/s;

export function isReport(text: string): boolean {
  return REPORT.test(text);
}

/** Who looks at another's terminal has read that they may type: what comes after it is typed with leave. */
export const TYPING_WORD = JSON.stringify({ typing: true });

/** A fresh shell, whatever runs in this one. */
export const RENEW_WORD = JSON.stringify({ renew: true });

/** So many bytes more have been shown: the server may send as many again. */
export function ackWord(bytes: number): string {
  return JSON.stringify({ ack: bytes });
}
