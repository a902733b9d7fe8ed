// The terminal in the page, as somebody at the keyboard uses it.
import { type Locator, type Page, expect } from "@playwright/test";

/** An idle shell: the last line is a prompt and nothing more. */
const PROMPT = /^\S+@lunchbox:\S*[#$]$/;
const COMMAND_WITHIN_MS = 60_000;
const READ_WITHIN_MS = 1_000;

export class Terminal {
  readonly #page: Page;
  readonly element: Locator;

  constructor(page: Page) {
    this.#page = page;
    this.element = page.locator("lunchbox-terminal");
  }

  /** What is on the screen and above it; a wrapped line is one line. Empty while there is no terminal. */
  async screen(): Promise<string> {
    const texts = await this.element.evaluateAll((all) => all.map((one) => (one as Element & { screenText?(): string }).screenText?.() ?? ""));
    return texts.join("\n").replaceAll("\u00a0", " ").trimEnd();
  }

  async lines(): Promise<string[]> {
    return (await this.screen()).split("\n").map((line) => line.trimEnd());
  }

  async waitForPrompt(within = COMMAND_WITHIN_MS): Promise<void> {
    const lastLine = async (): Promise<string | undefined> =>
      (await this.element.count()) === 0 ? this.#insteadOfTerminal() : (await this.lines()).at(-1);
    await expect.poll(lastLine, { message: "the shell is at its prompt", timeout: within }).toMatch(PROMPT);
  }

  /** What the page says where the terminal would be: it says why a test waits in vain. */
  async #insteadOfTerminal(): Promise<string> {
    const said = await this.#page.getByRole("region", { name: "Terminal" }).innerText({ timeout: READ_WITHIN_MS }).catch(() => "nothing");
    return `No terminal; the page says: ${said}`;
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

  /** Waits until that command stands at the prompt and has not been sent. */
  async waitForEcho(command: string): Promise<void> {
    await expect
      .poll(async () => unspaced((await this.lines()).at(-1) ?? ""), { message: `"${command}" is at the prompt` })
      .toMatch(new RegExp(`^\\S+@lunchbox:\\S*[#$]${escaped(unspaced(command))}$`));
  }

  /** What stands between the last line that ends in that command and the prompt now. */
  async outputOf(command: string): Promise<string> {
    const lines = await this.lines();
    const at = lines.findLastIndex((line) => /^\S+@lunchbox:/.test(line) && unspaced(line).endsWith(unspaced(command)));
    return lines.slice(at + 1, -1).join("\n");
  }

  async expectText(text: string | RegExp): Promise<void> {
    const seen = expect.poll(() => this.screen(), { message: "the terminal's screen" });
    await (typeof text === "string" ? seen.toContain(text) : seen.toMatch(text));
  }
}

/** Where a long line was broken, spaces at the break are lost. */
function unspaced(text: string): string {
  return text.replaceAll(/\s/g, "");
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
