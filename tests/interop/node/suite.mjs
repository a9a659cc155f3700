// The interop suite of `@microsoft/signalr` in Node.js:
//   node suite.mjs HUB_URL [--transport NAME] [--protocol NAME] [--skip-negotiation] [--server aspnetcore31]
import { parseArgs } from "node:util";
import { Connections, protocols, transports } from "./connections.mjs";
import { checks } from "./checks.mjs";
import { runChecks } from "./runner.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    transport: { type: "string", default: "websockets" },
    protocol: { type: "string", default: "json" },
    "skip-negotiation": { type: "boolean", default: false },
    server: { type: "string", default: "this" },
  },
});

function pick(table, name, what) {
  if (!Object.hasOwn(table, name)) {
    console.error(`unknown ${what} '${name}': use one of ${Object.keys(table).join(", ")}`);
    process.exit(2);
  }
  return table[name];
}

if (positionals.length !== 1) {
  console.error("give the URL of the hub, e.g. http://127.0.0.1:5000/hub");
  process.exit(2);
}

const skipNegotiation = values["skip-negotiation"];
const name = ["node", values.transport, values.protocol, ...(skipNegotiation ? ["direct"] : [])].join("-");
const connections = new Connections({
  url: positionals[0],
  transport: pick(transports, values.transport, "transport"),
  protocol: pick(protocols, values.protocol, "protocol"),
  skipNegotiation,
});

process.exit(await runChecks(name, checks, connections, values.server));
