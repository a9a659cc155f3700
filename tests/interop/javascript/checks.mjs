// The checks of `../checks.txt`, in its order. Each opens its own connections.
import { HubConnectionState } from "@microsoft/signalr";
import { assert, assertEqual } from "./assert.mjs";
import {
  askUntil,
  call,
  closing,
  collect,
  errorOf,
  expectMessage,
  expectNothingElse,
  upload,
} from "./steps.mjs";
import { within } from "./runner.mjs";

async function connect(connections) {
  const a = await connections.open();
  assertEqual(a.state, HubConnectionState.Connected);
  assert(a.id.length > 0, "the id is empty");
  const b = await connections.open();
  assert(a.id !== b.id, "two connections have one id");
}

async function callResult(connections) {
  const a = await connections.open();
  const text = "Grüße, 世界 🦀 \"quoted\" <&> \\ \u001e \n";
  assertEqual(await call(a, "Echo", text), text);
  assertEqual(await call(a, "Echo", "x".repeat(20_000)), "x".repeat(20_000));
  assertEqual(await call(a, "Add", 40, 2), 42);
  const person = { name: "Ada", age: 36, tags: ["maths", "engines"] };
  assertEqual(await call(a, "EchoPerson", person), person);
}

async function callVoid(connections) {
  const a = await connections.open();
  assertEqual((await call(a, "Nothing")) ?? null, null);
}

async function callCase(connections) {
  const a = await connections.open();
  assertEqual(await call(a, "eCHO", "found"), "found");
}

async function errorHub(connections) {
  const a = await connections.open();
  assertEqual(
    await errorOf("Fail", a.invoke("Fail", "no room")),
    "An unexpected error occurred invoking 'Fail' on the server. HubException: no room",
  );
}

async function errorCrash(connections) {
  const a = await connections.open();
  assertEqual(await errorOf("Crash", a.invoke("Crash")), "An unexpected error occurred invoking 'Crash' on the server.");
}

async function errorUnknown(connections) {
  const a = await connections.open();
  assertEqual(
    await errorOf("NoSuchMethod", a.invoke("NoSuchMethod")),
    "Failed to invoke 'NoSuchMethod' due to an error on the server. HubException: Method does not exist.",
  );
}

async function errorArguments(connections) {
  const a = await connections.open();
  assertEqual(await errorOf("Add", a.invoke("Add", 1)), "Failed to invoke 'Add' due to an error on the server.");
  assertEqual(await errorOf("Add", a.invoke("Add", 1, "two")), "Failed to invoke 'Add' due to an error on the server.");
}

async function errorCallKind(connections) {
  const a = await connections.open();
  assertEqual(
    await errorOf("Counter", a.invoke("Counter", 1, 0)),
    "The client attempted to invoke the streaming 'Counter' method with a non-streaming invocation.",
  );
  assertEqual(await collect("Echo", a.stream("Echo", "x")), {
    items: [],
    error: "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation.",
  });
}

async function send(connections) {
  const a = await connections.open();
  await within("send", a.send("Record", "one"));
  await within("send", a.send("Fail", "nobody hears this"));
  await within("send", a.send("NoSuchMethod"));
  await within("send", a.send("Record", "two"));
  await within("send", a.send("Record", "three"));
  assertEqual(await call(a, "Recorded"), ["one", "two", "three"]);
}

async function sendToAll(connections) {
  const [a, b] = [await connections.open(), await connections.open()];
  await call(a, "SendToAll", "all");
  await call(a, "SendToOthers", "others");
  await call(a, "SendToCaller", "caller");
  await call(a, "SendToConnection", b.id, "connection");
  await expectMessage(a, a, "all");
  await expectMessage(a, a, "caller");
  await expectMessage(b, a, "all");
  await expectMessage(b, a, "others");
  await expectMessage(b, a, "connection");
  await expectNothingElse(a, a, b);
}

async function groupSend(connections) {
  const [a, b, outsider] = [await connections.open(), await connections.open(), await connections.open()];
  await call(a, "JoinGroup", "room");
  await call(b, "JoinGroup", "room");
  await call(outsider, "JoinGroup", "Room");
  await call(a, "SendToGroup", "room", "hello");
  await expectMessage(a, a, "hello");
  await expectMessage(b, a, "hello");
  await call(outsider, "SendToGroup", "room", "from outside");
  await expectMessage(a, outsider, "from outside");
  await expectMessage(b, outsider, "from outside");
  await expectNothingElse(a, outsider);
}

async function groupOthers(connections) {
  const [a, b, outsider] = [await connections.open(), await connections.open(), await connections.open()];
  await call(a, "JoinGroup", "room");
  await call(b, "JoinGroup", "room");
  await call(a, "SendToOthersInGroup", "room", "hello");
  await expectMessage(b, a, "hello");
  await expectNothingElse(a, a, b, outsider);
}

async function groupLeave(connections) {
  const [a, b] = [await connections.open(), await connections.open()];
  await call(a, "JoinGroup", "room");
  await call(b, "JoinGroup", "room");
  await call(a, "SendToGroup", "room", "before");
  await expectMessage(b, a, "before");
  await call(b, "LeaveGroup", "room");
  await call(a, "SendToGroup", "room", "after");
  await expectNothingElse(a, b);
  await expectMessage(a, a, "before");
  await expectMessage(a, a, "after");
}

async function userSend(connections) {
  const [desk, phone] = [await connections.open({ user: "ada" }), await connections.open({ user: "ada" })];
  const other = await connections.open({ user: "Ada" });
  const nobody = await connections.open();
  await call(nobody, "SendToUser", "ada", "hello");
  await expectMessage(desk, nobody, "hello");
  await expectMessage(phone, nobody, "hello");
  await call(desk, "SendToUser", "Ada", "hello, namesake");
  await expectMessage(other, desk, "hello, namesake");
  await call(desk, "SendToUser", "Bob", "nobody hears this");
  await expectNothingElse(nobody, desk, phone, other, nobody);
}

async function streamDown(connections) {
  const a = await connections.open();
  assertEqual(await collect("Counter", a.stream("Counter", 5, 1)), { items: [0, 1, 2, 3, 4] });
  assertEqual(await collect("Counter", a.stream("Counter", 0, 0)), { items: [] });
  const many = await collect("Counter", a.stream("Counter", 500, 0));
  assertEqual(many, { items: Array.from({ length: 500 }, (_, i) => i) });
}

async function streamDownError(connections) {
  const a = await connections.open();
  assertEqual(await collect("CounterThenFail", a.stream("CounterThenFail", 2, "ran dry")), {
    items: [0, 1],
    error: "An error occurred on the server while streaming results. HubException: ran dry",
  });
}

async function streamRefused(connections) {
  const a = await connections.open();
  assertEqual(await collect("CounterUnless", a.stream("CounterUnless", 2, "was dry")), {
    items: [],
    error: "An unexpected error occurred invoking 'CounterUnless' on the server. HubException: was dry",
  });
  assertEqual(await collect("CounterUnless", a.stream("CounterUnless", 2, "")), { items: [0, 1] });
}

async function streamCancel(connections) {
  const a = await connections.open();
  assertEqual(await call(a, "CancelledStreams"), 0);
  await new Promise((resolve, reject) => {
    const subscription = a.stream("Endless").subscribe({
      next: (item) => {
        if (item < 3) return;
        subscription.dispose();
        resolve();
      },
      complete: () => reject(new Error("Endless ended by itself")),
      error: reject,
    });
  });
  await askUntil(1, a, "CancelledStreams");
}

async function streamUpItems(connections) {
  const a = await connections.open();
  const texts = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  await within("RecordStream", upload(texts, (subject) => a.invoke("RecordStream", subject)));
  assertEqual(await call(a, "Recorded"), texts);
}

async function streamUp(connections) {
  const a = await connections.open();
  assertEqual(await within("Sum", upload([1, 2, 3, 4], (numbers) => a.invoke("Sum", numbers))), 10);
  assertEqual(await within("Sum", upload([], (numbers) => a.invoke("Sum", numbers))), 0);
  const many = Array.from({ length: 200 }, (_, i) => i);
  assertEqual(await within("Sum", upload(many, (numbers) => a.invoke("Sum", numbers))), 19_900);
}

async function streamUpArgument(connections) {
  const a = await connections.open();
  const joined = upload(["a", "b", "c"], (parts) => a.invoke("Concat", "-", parts));
  assertEqual(await within("Concat", joined), "a-b-c");
}

async function streamBoth(connections) {
  const a = await connections.open();
  const doubled = upload([1, 2, 3], (numbers) => collect("Doubled", a.stream("Doubled", numbers)));
  assertEqual(await doubled, { items: [2, 4, 6] });
}

async function clientResult(connections) {
  const [a, b] = [await connections.open(), await connections.open()];
  a.on("Confirm", (question) => `${question} yes`);
  b.on("Confirm", async (question) => {
    // Calls made while the server waits for the answer must get through.
    const sum = await call(b, "Add", 1, 1);
    return `${question} ${sum}`;
  });
  assertEqual(await call(a, "AskCaller", "really?"), "really? yes");
  assertEqual(await call(b, "AskCaller", "one and one?"), "one and one? 2");
}

async function clientResultError(connections) {
  const a = await connections.open();
  a.on("Confirm", () => {
    throw new Error("not now");
  });
  assertEqual(
    await errorOf("AskCaller", a.invoke("AskCaller", "really?")),
    "An unexpected error occurred invoking 'AskCaller' on the server. HubException: Error: not now",
  );
}

async function clientResultNone(connections) {
  const a = await connections.open();
  assertEqual(
    await errorOf("AskCaller", a.invoke("AskCaller", "really?")),
    "An unexpected error occurred invoking 'AskCaller' on the server. HubException: Client didn't provide a result.",
  );
}

async function close(connections) {
  const a = await connections.open();
  const closed = closing(a);
  await within("send", a.send("CloseMe"));
  assertEqual(await closed(), undefined);
  assertEqual(a.state, HubConnectionState.Disconnected);
}

async function closeForGood(connections) {
  const a = await connections.open({ reconnect: true });
  const closed = closing(a);
  await within("send", a.send("CloseMe"));
  assertEqual(await closed(), undefined);
  assertEqual(a.state, HubConnectionState.Disconnected);
}

async function stop(connections) {
  const [a, b] = [await connections.open(), await connections.open()];
  assertEqual(await call(b, "IsConnected", a.id), true);
  const closed = closing(a);
  await within("the connection to stop", a.stop());
  assertEqual(await closed(), undefined);
  await askUntil(false, b, "IsConnected", a.id);
}

// Servers without client results, and without a Close message for `Context.Abort()`.
const noClientResults = ["aspnetcore31"];
const noCloseMessage = ["aspnetcore31"];

export const checks = {
  connect: { check: connect },
  "call-result": { check: callResult },
  "call-void": { check: callVoid },
  "call-case": { check: callCase },
  "error-hub": { check: errorHub },
  "error-crash": { check: errorCrash },
  "error-unknown": { check: errorUnknown },
  "error-arguments": { check: errorArguments },
  "error-call-kind": { check: errorCallKind },
  send: { check: send },
  "send-to-all": { check: sendToAll },
  "group-send": { check: groupSend },
  "group-others": { check: groupOthers },
  "group-leave": { check: groupLeave },
  "user-send": { check: userSend },
  "stream-down": { check: streamDown },
  "stream-down-error": { check: streamDownError },
  "stream-refused": { check: streamRefused },
  "stream-cancel": { check: streamCancel },
  "stream-up-items": { check: streamUpItems },
  "stream-up": { check: streamUp },
  "stream-up-argument": { check: streamUpArgument },
  "stream-both": { check: streamBoth },
  "client-result": { check: clientResult, notOn: noClientResults },
  "client-result-error": { check: clientResultError, notOn: noClientResults },
  "client-result-none": { check: clientResultNone, notOn: noClientResults },
  close: { check: close },
  "close-for-good": { check: closeForGood, notOn: noCloseMessage },
  stop: { check: stop },
};
