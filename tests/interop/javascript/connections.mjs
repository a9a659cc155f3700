// Connections of the client under test, and the messages that reach them.
import { HttpTransportType, HubConnectionBuilder, JsonHubProtocol, LogLevel } from "@microsoft/signalr";
import { MessagePackHubProtocol } from "@microsoft/signalr-protocol-msgpack";
import { within } from "./runner.mjs";

export const transports = {
  websockets: HttpTransportType.WebSockets,
  "server-sent-events": HttpTransportType.ServerSentEvents,
  "long-polling": HttpTransportType.LongPolling,
};

export const protocols = {
  json: () => new JsonHubProtocol(),
  messagepack: () => new MessagePackHubProtocol(),
};

/** When a connection that may reconnect tries to, in milliseconds after each failure. */
const RECONNECT_AFTER = [0, 10, 100, 1000];

/** What the server called `Message` with, in order of arrival. */
class Inbox {
  #messages = [];
  #waiting = [];

  put(sender, text) {
    const message = { sender, text };
    const reader = this.#waiting.shift();
    if (reader) reader(message);
    else this.#messages.push(message);
  }

  next() {
    const message = this.#messages.shift();
    if (message) return Promise.resolve(message);
    return within("a message", new Promise((resolve) => this.#waiting.push(resolve)));
  }
}

/** Opens connections through a network and, after each check, closes them again. */
export class Connections {
  #options;
  #open = [];

  /**
   * `hubUrl` leads through `network`, whose methods may be called with `await`; `directHubUrl` leads past it.
   */
  constructor(network, options) {
    this.network = network;
    this.#options = options;
  }

  /** A connection that is not started. `id` is known once it is. */
  build({ user, reconnect = false, resumable = false, direct = false } = {}) {
    const { hubUrl, directHubUrl, protocol } = this.#options;
    const builder = new HubConnectionBuilder().withHubProtocol(protocol()).configureLogging(LogLevel.None);
    if (direct) {
      // A page may open WebSockets to other origins than its own, but not negotiate with them.
      builder.withUrl(directHubUrl, { transport: transports.websockets, skipNegotiation: true });
    } else {
      const { transport, skipNegotiation } = this.#options;
      builder.withUrl(user === undefined ? hubUrl : `${hubUrl}?user=${user}`, { transport, skipNegotiation });
    }
    if (reconnect) builder.withAutomaticReconnect(RECONNECT_AFTER);
    if (resumable) builder.withStatefulReconnect();
    const connection = builder.build();
    connection.inbox = new Inbox();
    connection.on("Message", (sender, text) => connection.inbox.put(sender, text));
    this.#open.push(connection);
    return connection;
  }

  /** A started connection, with its `id` as the server gives it. */
  async open(options) {
    const connection = this.build(options);
    await within("the connection to start", connection.start());
    connection.id = await within("ConnectionId", connection.invoke("ConnectionId"));
    return connection;
  }

  async closeAll() {
    await this.network.restore();
    const open = this.#open.splice(0);
    await Promise.all(open.map((connection) => within("the connection to stop", connection.stop()).catch(() => {})));
  }
}
