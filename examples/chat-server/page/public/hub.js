// The connection, and the calls of the contract (examples/chat-contract) in both directions.

const { HubConnectionBuilder, HubConnectionState, LogLevel, Subject } = window.signalR;

/** Tries again for as long as it takes: at once, then after 1, 2, 4 … and at most 10 seconds. */
const retryForEver = {
  nextRetryDelayInMilliseconds: ({ previousRetryCount: tries }) =>
    tries === 0 ? 0 : Math.min(1_000 * 2 ** (tries - 1), 10_000),
};

export class Hub {
  #connection = new HubConnectionBuilder()
    .withUrl("chat")
    .withAutomaticReconnect(retryForEver)
    .configureLogging(LogLevel.Critical)
    .build();

  /** What the server may call: `client` has a method for each. */
  handle(client) {
    this.#connection.on("Posted", (entry) => client.posted(entry));
    this.#connection.on("MembersChanged", (members) => client.membersChanged(members));
    this.#connection.on("IsTyping", (name) => client.isTyping(name));
    this.#connection.on("StillThere", (askedBy) => client.stillThere(askedBy));
  }

  /** Tells about the connection: `listener` has `reconnecting`, `reconnected` and `closed`. */
  watch(listener) {
    this.#connection.onreconnecting(() => listener.reconnecting());
    this.#connection.onreconnected(() => listener.reconnected());
    this.#connection.onclose(() => listener.closed());
  }

  async connect() {
    if (this.#connection.state === HubConnectionState.Disconnected) {
      await this.#connection.start();
    }
  }

  get isConnected() {
    return this.#connection.state === HubConnectionState.Connected;
  }

  join(room, name) {
    return this.#connection.invoke("Join", room, name);
  }

  leave() {
    return this.#connection.invoke("Leave");
  }

  say(text) {
    return this.#connection.invoke("Say", text);
  }

  /** Sends the lines as a stream; the answer is how many arrived. */
  paste(lines) {
    const stream = new Subject();
    const arrived = this.#connection.invoke("Paste", stream);
    for (const line of lines) stream.next(line);
    stream.complete();
    return arrived;
  }

  /** Nobody waits for an answer to this. */
  typing() {
    return this.#connection.send("Typing");
  }

  ask(name) {
    return this.#connection.invoke("Ask", name);
  }

  /** Calls `observer.next` with each tick, until the subscription that this gives is disposed of. */
  clock(everyMs, observer) {
    return this.#connection.stream("Clock", everyMs).subscribe(observer);
  }
}

/** The text of an error that the hub means for a person, without the code that may stand behind it for programs. */
const FOR_PEOPLE = /HubException: (.*?)(?: \[[\p{L}\p{N}_.-]+(?: \{(?:(?! \[).)*\})?\])?$/su;

/** What a person is told of a failed call: the hub's own words, or else `fallback`. Never the words of the library. */
export function reason(error, fallback) {
  return FOR_PEOPLE.exec(error.message)?.[1] ?? fallback;
}
