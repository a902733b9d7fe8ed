// The README's pictures: a walk through the lesson that ends in files, not in verdicts.
import { defineConfig } from "@playwright/test";

import base from "./playwright.config.ts";

export default defineConfig({ ...base, testDir: "screenshots", outputDir: "test-results/screenshots" });
