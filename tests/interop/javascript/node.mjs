// The interop suite of `@microsoft/signalr` in Node.js: `node node.mjs`, with the arguments of `arguments.mjs`.
import { readArguments } from "./arguments.mjs";
import { Network } from "./network.mjs";
import { runSuite } from "./suite.mjs";

const { directHubUrl, ...options } = readArguments();
const network = await Network.open(directHubUrl.origin);
const failed = await runSuite(network, console.log, {
  ...options,
  client: "node",
  hubUrl: network.origin + directHubUrl.pathname,
  directHubUrl: directHubUrl.href,
});
await network.close();
process.exit(failed === 0 ? 0 : 1);
