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

/** What the server says about the terminal itself. */
export type ServerWord = { closed: string } | { goodbye: string };

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
  return undefined;
}

export function resizeWord(cols: number, rows: number): string {
  return JSON.stringify({ resize: { cols, rows } });
}

/** So many bytes more have been shown: the server may send as many again. */
export function ackWord(bytes: number): string {
  return JSON.stringify({ ack: bytes });
}
