// What checks do with connections.
import { Subject } from "@microsoft/signalr";
import { assertEqual, isEqual } from "./assert.mjs";
import { within } from "./runner.mjs";

export const call = (connection, method, ...args) => within(method, connection.invoke(method, ...args));

/** The text of the error that `promise` must end with. */
export async function errorOf(what, promise) {
  try {
    await within(what, promise);
  } catch (error) {
    return error.message;
  }
  throw new Error(`${what} did not fail`);
}

/** Items of a result stream, and the text of its error if it ended with one. */
export function collect(what, stream) {
  const items = [];
  const ended = new Promise((resolve) => {
    stream.subscribe({
      next: (item) => items.push(item),
      complete: () => resolve({ items }),
      error: (error) => resolve({ items, error: error.message }),
    });
  });
  return within(`the end of ${what}`, ended);
}

/** Sends `items` through a subject that is passed to `start`, and gives what `start` gave. */
export function upload(items, start) {
  const subject = new Subject();
  const started = start(subject);
  for (const item of items) subject.next(item);
  subject.complete();
  return started;
}

/** The next message of `connection` must be this one: nothing else came before it. */
export async function expectMessage(connection, sender, text) {
  assertEqual(await connection.inbox.next(), { sender: sender.id, text });
}

/** Marks the end of what `connection` may have got: its next message must be the marker. */
export async function expectNothingElse(sender, ...connections) {
  for (const connection of connections) {
    await call(sender, "SendToConnection", connection.id, "marker");
    await expectMessage(connection, sender, "marker");
  }
}

/** Asks again until the answer is `wanted`: for what the server does after it has answered. */
export async function askUntil(wanted, connection, method, ...args) {
  const asking = async () => {
    let answer;
    do answer = await call(connection, method, ...args);
    while (!isEqual(answer, wanted));
  };
  await within(`${method} to answer ${JSON.stringify(wanted)}`, asking());
}

/** A promise that a check waits for later, or never if it fails before. */
export function expected(promise) {
  promise.catch(() => {});
  return promise;
}

/** Gives what waits for the close handler. Fails if the client sets out to reconnect instead. */
export function closing(connection) {
  const closed = expected(
    new Promise((resolve, reject) => {
      connection.onclose(resolve);
      connection.onreconnecting(() => reject(new Error("the client reconnects")));
    }),
  );
  return () => within("the close handler", closed);
}
