// The interop suite of `@microsoft/signalr`, wherever the client runs.
import { Connections, protocols, transports } from "./connections.mjs";
import { cancelChecks } from "./cancels.mjs";
import { checks } from "./checks.mjs";
import { cutChecks, cutNoticedChecks } from "./cuts.mjs";
import { resumeChecks } from "./resume.mjs";
import { runChecks } from "./runner.mjs";

/**
 * Runs the checks over one transport and protocol, printing each with `print`, and gives how many failed. `client`,
 * `transport`, `protocol` and `skipNegotiation` make the suite's name.
 */
export async function runSuite(network, print, options) {
  const { client, transport, protocol, skipNegotiation, server, hubUrl, directHubUrl } = options;
  const name = [client, transport, protocol, ...(skipNegotiation ? ["direct"] : [])].join("-");
  const connections = new Connections(network, {
    hubUrl,
    directHubUrl,
    transport: transports[transport],
    protocol: protocols[protocol],
    skipNegotiation,
  });
  const wanted = { ...checks, ...cancelChecks, ...cutChecks };
  if (transport !== "long-polling") Object.assign(wanted, cutNoticedChecks);
  if (transport === "websockets" && !skipNegotiation) Object.assign(wanted, resumeChecks);
  return runChecks(name, wanted, connections, server, print);
}
