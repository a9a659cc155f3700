// The chat in a real browser:
//   node suite.mjs --browser PROGRAM --chat-server PROGRAM --chat-client PROGRAM --screenshots FOLDER
import { mkdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { checks } from "./checks.mjs";
import { Stage } from "./stage.mjs";
import { runChecks } from "./runner.mjs";

const names = ["browser", "chat-server", "chat-client", "screenshots"];
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: "string" }])) });
for (const name of names) {
  if (values[name] === undefined) {
    console.error(`--${name} is missing`);
    process.exit(2);
  }
}
mkdirSync(values.screenshots, { recursive: true });

const browser = await chromium.launch({
  executablePath: values.browser,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const stage = new Stage(browser, values);
await stage.startServer();
const failed = await runChecks("browser", checks, stage);
await stage.close();
await browser.close();
process.exit(failed === 0 ? 0 : 1);
