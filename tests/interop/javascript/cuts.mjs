// Checks of what a lost transport does. Beside those of `../checks.txt`, because they need a network to cut.
import { HubConnectionState } from "@microsoft/signalr";
import { assert, assertEqual } from "./assert.mjs";
import { within } from "./runner.mjs";
import { askUntil, call, closing, collect, expected, expectNothingElse } from "./steps.mjs";

/** The client's side: what runs fails, and the close handler runs. */
async function cut(connections) {
  const a = await connections.open();
  const closed = closing(a);
  const endless = collect("Endless", a.stream("Endless"));
  // Calls after it are answered, so it runs.
  await call(a, "Nothing");
  await connections.network.down();
  // Each transport has its own text.
  assert((await endless).error, "the stream did not fail");
  await closed();
  await connections.network.restore();
  assertEqual(a.state, HubConnectionState.Disconnected);
}

/** The server's side. */
async function cutNoticed(connections) {
  const a = await connections.open();
  const b = await connections.open({ direct: true });
  await connections.network.cut();
  await askUntil(false, b, "IsConnected", a.id);
}

/** With automatic reconnect: a new connection takes the place of the lost one. */
async function reconnect(connections) {
  const a = await connections.open({ reconnect: true });
  await call(a, "JoinGroup", "room");
  const states = [];
  const reconnected = new Promise((resolve, reject) => {
    a.onreconnecting(() => {
      states.push(a.state);
      connections.network.restore();
    });
    a.onreconnected(resolve);
    a.onclose((error) => reject(new Error(`the client gave up: ${error}`)));
  });
  expected(reconnected);
  await connections.network.down();
  const id = await within("the reconnected handler", reconnected);
  states.push(a.state);
  assertEqual(states, [HubConnectionState.Reconnecting, HubConnectionState.Connected]);

  const lost = a.id;
  a.id = await call(a, "ConnectionId");
  assert(a.id !== lost, "the id is that of the lost connection");
  // A client that did not negotiate does not know its id.
  if (id !== undefined) assertEqual(id, a.id);
  await call(a, "SendToGroup", "room", "the new connection is not a member");
  await expectNothingElse(a, a);
}

export const cutChecks = {
  cut: { check: cut },
  reconnect: { check: reconnect },
};

/** Over long polling the server waits for a next poll, longer than a check may. */
export const cutNoticedChecks = {
  "cut-noticed": { check: cutNoticed },
};
