// The chat whose users sign in, in a real browser:
//   node suite.mjs --browser PROGRAM --jwt-chat PROGRAM --screenshots FOLDER
import { launch, readOptions } from "../command.mjs";
import { runChecks } from "../runner.mjs";
import { checks } from "./checks.mjs";
import { Stage } from "./stage.mjs";

const options = readOptions("browser", "jwt-chat", "screenshots");
const browser = await launch(options.browser);
const stage = await Stage.open(browser, options);
const failed = await runChecks("sign-in", checks, stage);
await stage.close();
await browser.close();
process.exit(failed === 0 ? 0 : 1);
