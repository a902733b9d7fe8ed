// The lesson's steps, as its folder has them.
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { LESSON_SLUG } from "./lesson-page.ts";
import { PROJECT } from "./settings.ts";

/** Step IDs, in order, from the names of the lesson's files: 06-pull-an-image.md. */
export function steps(): string[] {
  const lessons = join(PROJECT, "lessons");
  const folder = readdirSync(lessons).find((name) => name.replace(/^\d+-/, "") === LESSON_SLUG);
  if (!folder) throw new Error(`There is no lesson ${LESSON_SLUG} under lessons/.`);
  return readdirSync(join(lessons, folder))
    .map((name) => /^\d+-(.+)\.md$/.exec(name)?.[1])
    .filter((step) => step !== undefined);
}
