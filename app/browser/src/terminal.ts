// The browser's entry: defines <lunchbox-terminal>.
import { LunchboxTerminal } from "./element.ts";

customElements.define("lunchbox-terminal", LunchboxTerminal);
