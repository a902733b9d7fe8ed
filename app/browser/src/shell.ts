// Whether the shell is at its prompt, as it says itself.

/** Marks that a shell puts between its output: FinalTerm's, OSC 133. `A`: a prompt follows. `C`: a command runs. */
export const MARKS = 133;

/** What a line ends in at the prompt of a shell or program that says nothing of itself: one in a container, say. */
const PROMPT_END = /[#$>%:] ?$/;

export class Shell {
  /** Nothing is known of a shell that says nothing. */
  #isRunning: boolean | undefined;

  /** True where a prompt follows. */
  mark(data: string): boolean {
    const kind = data.split(";", 1)[0];
    if (kind === "A") this.#isRunning = false;
    else if (kind === "C") this.#isRunning = true;
    return kind === "A";
  }

  /** Something was typed and Enter was pressed: what comes next is a mark, or another program's prompt. */
  entered(): void {
    if (this.#isRunning === false) this.#isRunning = true;
  }

  /** What was on the screen is sent anew. */
  forget(): void {
    this.#isRunning = undefined;
  }

  /** Whether what is typed now goes to a command that runs and that hasn't asked for it. `line`: the cursor's, up to it. */
  isBusy(line: string): boolean {
    return this.#isRunning === true && !PROMPT_END.test(line);
  }
}
