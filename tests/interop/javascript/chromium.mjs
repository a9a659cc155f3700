// The interop suite of `@microsoft/signalr` in Chromium: `node chromium.mjs --browser PROGRAM`, and the arguments of
// `arguments.mjs`.
import { chromium } from "playwright-core";
import { readArguments } from "./arguments.mjs";
import { Network } from "./network.mjs";

const FOLDER = new URL("./", import.meta.url);
/** Where the page is, on the origin of the hub: other origins would need CORS. */
const PAGE = "/suite/";

const { directHubUrl, browser: executablePath, ...options } = readArguments({ browser: { type: "string" } });
const network = await Network.open(directHubUrl.origin);
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
// The page is not really on the network, and needs to be allowed to open WebSockets to it.
const context = await browser.newContext({ permissions: ["local-network-access"] });
const page = await context.newPage();
page.on("pageerror", (error) => console.error(error));
await page.exposeFunction("print", (line) => console.log(line));
await page.exposeFunction("callNetwork", (method, ...args) => network[method](...args));

// The page comes from files. Then nothing is between the client and the network any more.
await page.route(`${network.origin}${PAGE}**`, (route) => {
  const file = new URL(new URL(route.request().url()).pathname.slice(PAGE.length), FOLDER);
  return route.fulfill({ path: file.pathname });
});
await page.goto(`${network.origin}${PAGE}page/index.html`);
await page.waitForFunction(() => globalThis.runInPage);
await page.unrouteAll();

const failed = await page.evaluate((options) => globalThis.runInPage(options), {
  ...options,
  client: "chromium",
  hubUrl: network.origin + directHubUrl.pathname,
  directHubUrl: directHubUrl.href,
});
await browser.close();
await network.close();
process.exit(failed === 0 ? 0 : 1);
