// The terminal in the page, as somebody at the keyboard uses it.
import { type Locator, type Page, expect } from "@playwright/test";

/** An idle shell: the last line is a prompt and nothing more. */
const PROMPT = /^\S+@lunchbox:\S*[#$]$/;
const COMMAND_WITHIN_MS = 60_000;

export class Terminal {
  readonly #page: Page;
  readonly element: Locator;
  readonly #rows: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.element = page.locator("lunchbox-terminal");
    this.#rows = this.element.locator(".xterm-rows > div");
  }

  /** What is on the screen, line by line, without empty lines at the end. */
  async lines(): Promise<string[]> {
    // In one look: line by line would mix two states of the screen.
    const rows = await this.#rows.evaluateAll((all) => all.map((row) => row.textContent ?? ""));
    const lines = rows.map((row) => row.replaceAll("\u00a0", " ").trimEnd());
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  async screen(): Promise<string> {
    return (await this.lines()).join("\n");
  }

  async waitForPrompt(within = COMMAND_WITHIN_MS): Promise<void> {
    await expect.poll(async () => (await this.lines()).at(-1) ?? "", { message: "the shell is at its prompt", timeout: within }).toMatch(PROMPT);
  }

  /** Types a command at the prompt, presses Enter, waits for the next prompt; gives what it printed. */
  async run(command: string): Promise<string> {
    await this.waitForPrompt();
    await this.focus();
    await this.#page.keyboard.type(command);
    await this.waitForEcho(command);
    await this.#page.keyboard.press("Enter");
    await this.waitForPrompt();
    return this.outputOf(command);
  }

  async focus(): Promise<void> {
    await this.element.getByRole("textbox").focus();
  }

  /** Waits until the line at the prompt is that command, wrapped or not. */
  async waitForEcho(command: string): Promise<void> {
    await expect.poll(async () => unspaced(await this.screen()), { message: `"${command}" is at the prompt` }).toMatch(endOf(unspaced(command)));
  }

  /** What is on the screen between the last line that ends in that command and the prompt now. */
  async outputOf(command: string): Promise<string> {
    const lines = await this.lines();
    // A long command is wrapped: its line is found by how it begins.
    const start = command.slice(0, 40);
    const at = lines.findLastIndex((line) => line.includes(`# ${start}`) || line.includes(`$ ${start}`));
    return lines.slice(at + 1, -1).join("\n");
  }

  async expectText(text: string | RegExp): Promise<void> {
    const seen = expect.poll(() => this.screen(), { message: "the terminal's screen" });
    await (typeof text === "string" ? seen.toContain(text) : seen.toMatch(text));
  }
}

function unspaced(text: string): string {
  return text.replaceAll(/\s/g, "");
}

function endOf(text: string): RegExp {
  return new RegExp(`${text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`);
}
