// What every suite here begins with.
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";

/** The suite's options, all of which it needs. `screenshots` is a folder, which is made. */
export function readOptions(...names) {
  const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: "string" }])) });
  for (const name of names) {
    if (values[name] === undefined) {
      console.error(`--${name} is missing`);
      process.exit(2);
    }
  }
  mkdirSync(values.screenshots, { recursive: true });
  return values;
}

export function launch(browser) {
  return chromium.launch({
    executablePath: browser,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}
