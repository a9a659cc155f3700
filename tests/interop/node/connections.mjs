// Connections of the client under test, and the messages that reach them.
import { HttpTransportType, HubConnectionBuilder, JsonHubProtocol, LogLevel } from "@microsoft/signalr";
import { within } from "./runner.mjs";

export const transports = {
  websockets: HttpTransportType.WebSockets,
  "server-sent-events": HttpTransportType.ServerSentEvents,
  "long-polling": HttpTransportType.LongPolling,
};

export const protocols = {
  json: () => new JsonHubProtocol(),
};

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

/** Opens connections and, after each check, closes them again. */
export class Connections {
  #options;
  #open = [];

  constructor(options) {
    this.#options = options;
  }

  /** A connection that is not started. `id` is known once it is. */
  build({ reconnect = false } = {}) {
    const { url, transport, protocol, skipNegotiation } = this.#options;
    const builder = new HubConnectionBuilder()
      .withUrl(url, { transport, skipNegotiation })
      .withHubProtocol(protocol())
      .configureLogging(LogLevel.None);
    if (reconnect) builder.withAutomaticReconnect([0]);
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
    const open = this.#open.splice(0);
    await Promise.all(open.map((connection) => within("the connection to stop", connection.stop()).catch(() => {})));
  }
}
