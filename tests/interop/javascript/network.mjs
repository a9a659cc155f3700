// A TCP proxy in front of the server: the network, which loses connections when it is told to.
import { connect, createServer } from "node:net";
import { setImmediate } from "node:timers/promises";

export class Network {
  #target;
  #listener;
  #links = new Set();
  #isDown = false;
  #held = null;
  #cut = null;

  /** Listens on a port of the system's choice, for the server at `origin`. */
  static async open(origin) {
    const network = new Network();
    const { hostname, port } = new URL(origin);
    network.#target = { host: hostname, port, allowHalfOpen: true };
    network.#listener = createServer({ allowHalfOpen: true }, (socket) => network.#accept(socket));
    await new Promise((resolve, reject) => {
      network.#listener.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    return network;
  }

  get origin() {
    return `http://127.0.0.1:${this.#listener.address().port}`;
  }

  /** Cuts every connection there is. */
  async cut() {
    for (const link of this.#links) link.cut();
    // A client in this program must have seen it, or its next request may pick a lost connection from its pool: what
    // can be read now is read before the second turn of the event loop ends.
    await setImmediate();
    await setImmediate();
  }

  /** Cuts every connection after so many bytes more on a WebSocket: mostly in the middle of a message. */
  cutAfter(bytes) {
    return new Promise((resolve) => (this.#cut = { bytes, resolve }));
  }

  /** Cuts every connection and refuses new ones, until `restore`. A browser tries again by itself after a mere cut. */
  down() {
    this.#isDown = true;
    return this.cut();
  }

  /** Keeps connections that are opened from now on waiting, until `restore`. */
  hold() {
    this.#held = [];
  }

  restore() {
    const held = this.#held ?? [];
    this.#isDown = false;
    this.#held = null;
    this.#cut = null;
    for (const socket of held) this.#accept(socket);
  }

  close() {
    this.#listener.close();
    return this.cut();
  }

  #accept(socket) {
    socket.on("error", () => {});
    if (this.#isDown) {
      socket.destroy();
      return;
    }
    if (this.#held) {
      this.#held.push(socket);
      return;
    }
    const link = new Link(socket, connect(this.#target), (chunk) => this.#beforeCut(chunk));
    this.#links.add(link);
    socket.on("close", () => this.#links.delete(link));
  }

  /** If the cut falls into this chunk of a WebSocket: what comes before it, and what cuts. */
  #beforeCut(chunk) {
    if (!this.#cut) return null;
    const { bytes, resolve } = this.#cut;
    if (chunk.length < bytes) {
      this.#cut.bytes -= chunk.length;
      return null;
    }
    this.#cut = null;
    return { rest: chunk.subarray(0, bytes), cut: () => this.cut().then(resolve) };
  }
}

/** A connection of a client, and the one to the server that belongs to it. */
class Link {
  #client;
  #server;
  #beforeCut;
  #isWebSocket = false;

  constructor(client, server, beforeCut) {
    this.#client = client;
    this.#server = server;
    this.#beforeCut = beforeCut;
    this.#forward(client, server);
    this.#forward(server, client);
  }

  cut() {
    this.#client.destroy();
    this.#server.destroy();
  }

  #forward(from, to) {
    from.on("data", (chunk) => {
      const last = this.#isWebSocket ? this.#beforeCut(chunk) : null;
      if (last) {
        from.pause();
        to.write(last.rest, last.cut);
        return;
      }
      if (from === this.#server && chunk.subarray(0, 12).toString("latin1") === "HTTP/1.1 101") this.#isWebSocket = true;
      if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => from.resume());
    from.on("end", () => to.end());
    from.on("error", () => this.cut());
  }
}
