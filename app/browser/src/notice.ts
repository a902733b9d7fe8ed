// What is said under the terminal while it can't be used as it is.
import type { LineState } from "./line.ts";

export interface Notice {
  text: string;
  /** What the button beside it says; it connects again, or types now where the line is open. */
  button?: string;
}

/** The server's reason where another window or tab has the terminal now. */
const ELSEWHERE = "it was opened in another window";

/** Whether connecting again takes the terminal away from another window: nobody does that unasked. */
export function isElsewhere(state: LineState): boolean {
  return state.kind === "closed" && state.reason === ELSEWHERE;
}

/**
 * `waiting`: commands that were clicked and are typed once the line is open and the shell at its prompt.
 * `inVain`: keys were pressed that reached nobody.
 */
export function notice(state: LineState, waiting: readonly string[], inVain: boolean): Notice | undefined {
  const lost = inVain ? " What you type now is not sent." : "";
  switch (state.kind) {
    case "open":
      if (waiting.length === 0) return undefined;
      return { text: `A command still runs in the terminal; Ctrl+C ends it, or else a new shell under “Restart…”.${follows(waiting)}`, button: "Type it now" };
    case "connecting":
      return { text: `Connecting to your terminal…${follows(waiting)}${lost}` };
    case "lost":
      return {
        text: state.goodbye
          ? `Lunchbox is restarting. Your terminal goes on, and will be back here in a moment.${follows(waiting)}${lost}`
          : `The line is lost. Your terminal goes on without it; connecting again…${follows(waiting)}${lost}`,
      };
    case "closed":
      if (!isElsewhere(state)) return { text: `The terminal was closed: ${state.reason}.${waits(waiting)}${lost}`, button: "Connect again" };
      return {
        text: `Your terminal is open in another window now.${waits(waiting)}${lost}`,
        button: waiting.length > 0 ? "Take it back and run it" : "Take it back",
      };
  }
}

/** The same under a terminal that is watched. `name`: whose it is. `away`: it is not open where they sit. */
export function watchNotice(state: LineState, name: string, away: boolean): Notice | undefined {
  switch (state.kind) {
    case "open":
      return away ? { text: `${name} has no terminal open just now. What it showed last is still here.` } : undefined;
    case "connecting":
      return { text: `Connecting to ${name}’s terminal…` };
    case "lost":
      return { text: "The line is lost, so this may be old; connecting again…" };
    case "closed":
      return { text: `This view was closed: ${state.reason}.`, button: "Connect again" };
  }
}

function follows(waiting: readonly string[]): string {
  return waiting.length > 0 ? ` Then it types ${quoted(waiting)}.` : "";
}

function waits(waiting: readonly string[]): string {
  return waiting.length > 0 ? ` Not run yet: ${quoted(waiting)}.` : "";
}

function quoted(commands: readonly string[]): string {
  return commands.map((command) => `“${command}”`).join(", ");
}
