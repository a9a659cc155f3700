// The chat in a real browser:
//   node suite.mjs --browser PROGRAM --chat-server PROGRAM --chat-client PROGRAM --screenshots FOLDER
import { checks } from "./checks.mjs";
import { launch, readOptions } from "./command.mjs";
import { Stage } from "./stage.mjs";
import { runChecks } from "./runner.mjs";

const options = readOptions("browser", "chat-server", "chat-client", "screenshots");
const browser = await launch(options.browser);
const stage = new Stage(browser, options);
await stage.startServer();
const failed = await runChecks("browser", checks, stage);
await stage.close();
await browser.close();
process.exit(failed === 0 ? 0 : 1);
