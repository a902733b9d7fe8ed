// The terminal's colours, from the style sheet's variables (style/terminal.css).
import type { ITheme } from "@xterm/xterm";

const COLOURS = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

export function theme(element: Element): ITheme {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(`--term-${name}`).trim();
  const chosen: Record<string, string> = {
    background: colour("background"),
    foreground: colour("foreground"),
    cursor: colour("cursor"),
    cursorAccent: colour("background"),
    selectionBackground: colour("selection"),
  };
  for (const name of COLOURS) {
    chosen[name] = colour(name);
    chosen[`bright${name[0]?.toUpperCase()}${name.slice(1)}`] = colour(`bright-${name}`);
  }
  // A variable that is not there leaves xterm.js its own colour.
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== ""));
}
