// Checks of stateful reconnect: the socket is lost, the connection is not.
import { HubConnectionState, Subject } from "@microsoft/signalr";
import { assert, assertEqual } from "./assert.mjs";
import { within } from "./runner.mjs";
import { askUntil, call, closing, expected, expectMessage, expectNothingElse } from "./steps.mjs";

/** How many calls wait for their answers at once. */
const WINDOW = 8;

const randomBelow = (limit) => Math.floor(Math.random() * limit);
const numbered = (what, count, padding = "") => Array.from({ length: count }, (_, i) => `${what} ${i}${padding}`);

/** A connection that resumes, and what it must never do: reconnect with a new id, or close. */
async function openResumable(connections) {
  const connection = await connections.open({ resumable: true, reconnect: true });
  connection.faults = [];
  connection.onreconnecting((error) => connection.faults.push(`reconnecting: ${error}`));
  connection.onclose((error) => connection.faults.push(`closed: ${error}`));
  return connection;
}

async function expectSameConnection(connection) {
  assertEqual(connection.faults, []);
  assertEqual(await call(connection, "ConnectionId"), connection.id);
}

/**
 * Numbered messages in both directions, in every form there is. Each kind is counted apart: between kinds there is no
 * order.
 */
class Traffic {
  #connection;
  #padding;
  #upload = new Subject();
  #uploaded;
  #download;
  #counted = [];
  #answers = [];
  #rounds = 0;

  /** Each message is longer by `padding` characters. */
  constructor(connection, padding) {
    this.#connection = connection;
    this.#padding = "x".repeat(padding);
  }

  start() {
    this.#uploaded = expected(this.#connection.invoke("RecordStream", this.#upload));
    this.#download = this.#connection.stream("Counter", 1_000_000, 1).subscribe({
      next: (item) => this.#counted.push(item),
      complete: () => this.#connection.faults.push("Counter ended by itself"),
      error: (error) => this.#connection.faults.push(`Counter: ${error}`),
    });
  }

  async round() {
    const round = this.#rounds++;
    const text = (what) => `${what} ${round}${this.#padding}`;
    this.#upload.next(text("item"));
    const sent = [
      this.#connection.send("Record", text("send")),
      this.#connection.send("SendToCaller", text("message")),
    ];
    this.#answers.push(expected(this.#connection.invoke("Echo", text("call"))));
    await within("the messages to be sent", Promise.all(sent));
    if (round >= WINDOW) await within("an answer", this.#answers[round - WINDOW]);
  }

  /** Ends the traffic: everything arrived, in order, once. */
  async expectAll() {
    const a = this.#connection;
    const wanted = (what) => numbered(what, this.#rounds, this.#padding);
    this.#upload.complete();
    this.#download.dispose();
    assertEqual(await within("the answers", Promise.all(this.#answers)), wanted("call"));
    assert(this.#counted.length > 0, "Counter gave nothing");
    assertEqual(this.#counted, Array.from(this.#counted, (_, i) => i));
    for (const text of wanted("message")) await expectMessage(a, a, text);
    await expectNothingElse(a, a);

    await within("RecordStream", this.#uploaded);
    const recorded = await call(a, "Recorded");
    assertEqual(recorded.length, 2 * this.#rounds);
    assertEqual(recorded.filter((text) => text.startsWith("send")), wanted("send"));
    assertEqual(recorded.filter((text) => text.startsWith("item")), wanted("item"));
  }
}

/** Traffic that is cut again and again, each time after up to so many bytes more: nothing is lost, nothing comes twice. */
async function resume(connections, { cuts, cutWithin, padding }) {
  const a = await openResumable(connections);
  const traffic = new Traffic(a, padding);
  traffic.start();
  for (let cut = 0; cut < cuts; cut++) {
    for (let rounds = randomBelow(2 * WINDOW); rounds > 0; rounds--) await traffic.round();
    let isCut = false;
    const cutting = connections.network.cutAfter(randomBelow(cutWithin)).then(() => (isCut = true));
    while (!isCut) await traffic.round();
    await cutting;
  }
  await traffic.expectAll();
  await expectSameConnection(a);
}

const resumeTraffic = (connections) => resume(connections, { cuts: 20, cutWithin: 3_000, padding: 0 });

/** More than the buffers of both sides hold: what was acknowledged makes room, and who sends waits for that. */
const resumeBacklog = (connections) => resume(connections, { cuts: 5, cutWithin: 100_000, padding: 1_000 });

/** What is sent to, and by, a client while it is away arrives when it is back. */
async function resumeAway(connections) {
  const a = await openResumable(connections);
  const b = await connections.open({ direct: true });
  await connections.network.hold();
  await connections.network.cut();
  for (const text of numbered("away", 50)) await call(b, "SendToConnection", a.id, text);
  for (const text of numbered("record", 50)) await within("send", a.send("Record", text));
  const answer = a.invoke("Echo", "back");
  await connections.network.restore();
  assertEqual(await within("Echo", answer), "back");
  assertEqual(await call(a, "Recorded"), numbered("record", 50));
  for (const text of numbered("away", 50)) await expectMessage(a, b, text);
  await expectNothingElse(b, a);
  await expectSameConnection(a);
}

/** A connection that the server closes is not resumed. */
async function resumeNotClosed(connections) {
  const a = await connections.open({ resumable: true, reconnect: true });
  const closed = closing(a);
  await within("send", a.send("CloseMe"));
  assertEqual(await closed(), undefined);
  assertEqual(a.state, HubConnectionState.Disconnected);
  const b = await connections.open();
  await askUntil(false, b, "IsConnected", a.id);
}

// Servers without stateful reconnect.
const noStatefulReconnect = ["aspnetcore31"];

export const resumeChecks = {
  "resume-traffic": { check: resumeTraffic, notOn: noStatefulReconnect },
  "resume-backlog": { check: resumeBacklog, notOn: noStatefulReconnect },
  "resume-away": { check: resumeAway, notOn: noStatefulReconnect },
  "resume-not-closed": { check: resumeNotClosed, notOn: noStatefulReconnect },
};
