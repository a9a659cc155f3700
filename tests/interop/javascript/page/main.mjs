// The suite in the page. What it cannot do is done for it outside: `callNetwork` and `print`.
import { runSuite } from "../suite.mjs";

const onNetwork = (method) => [method, (...args) => globalThis.callNetwork(method, ...args)];
const network = Object.fromEntries(["cut", "cutAfter", "down", "hold", "restore"].map(onNetwork));

globalThis.runInPage = (options) => runSuite(network, globalThis.print, options);
