// Checks of streams that are cancelled as soon as they are asked for. Beside those of `../checks.txt`, because most clients
// cannot cancel.
import { askUntil } from "./steps.mjs";

const STREAMS = 1_000;

/** However soon its cancellation comes: each stream has begun, and each ends. */
async function streamCancelAtOnce(connections) {
  const a = await connections.open();
  const nobody = { next: () => {}, complete: () => {}, error: () => {} };
  for (let stream = 0; stream < STREAMS; stream++) {
    a.stream("Endless").subscribe(nobody).dispose();
    // The call and its cancellation go out in this turn of the event loop, and those of the next stream in the next.
    await new Promise((resolve) => setTimeout(resolve));
  }
  await askUntil(STREAMS, a, "CancelledStreams");
}

export const cancelChecks = {
  "stream-cancel-at-once": { check: streamCancelAtOnce },
};
