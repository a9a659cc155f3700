// The arguments of the suites:
//   HUB_URL [--transport NAME] [--protocol NAME] [--skip-negotiation] [--server aspnetcore31]
import { parseArgs } from "node:util";
import { protocols, transports } from "./connections.mjs";

/** Reads the arguments of this program, and `more` that only its suite has; ends the program if they are wrong. */
export function readArguments(more = {}) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      transport: { type: "string", default: "websockets" },
      protocol: { type: "string", default: "json" },
      "skip-negotiation": { type: "boolean", default: false },
      server: { type: "string", default: "this" },
      ...more,
    },
  });
  mustKnow(transports, values.transport, "transport");
  mustKnow(protocols, values.protocol, "protocol");
  if (positionals.length !== 1) giveUp("give the URL of the hub, e.g. http://127.0.0.1:5000/hub");
  return { ...values, skipNegotiation: values["skip-negotiation"], directHubUrl: new URL(positionals[0]) };
}

function mustKnow(table, name, what) {
  if (!Object.hasOwn(table, name)) giveUp(`unknown ${what} '${name}': use one of ${Object.keys(table).join(", ")}`);
}

function giveUp(reason) {
  console.error(reason);
  process.exit(2);
}
