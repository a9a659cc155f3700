// One hub behind one reverse proxy, over each transport, with its path kept and stripped: `node proxies.mjs NAME ORIGIN`.
// What is behind ORIGIN serves the hub at `/hub` and, of which the proxy strips the first part, at `/stripped/hub`.
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";
import { within } from "./runner.mjs";

const TRANSPORTS = {
  websockets: HttpTransportType.WebSockets,
  "server-sent-events": HttpTransportType.ServerSentEvents,
  "long-polling": HttpTransportType.LongPolling,
};

const PATHS = { kept: "/hub", stripped: "/stripped/hub" };

/** Nothing that is sent waits in a proxy for longer: the next ping of the server comes after 15 s. */
const AT_ONCE_MS = 3000;

/** A page that the proxy serves: a browser sends both with everything. The server asks whether the page is its own. */
const page = (origin) => ({ Origin: origin, Cookie: "theme=dark" });

/** Two pings of either side. */
const IDLE_MS = 31_000;

/** A client receives no message that is larger than 32 KiB, and the server sends any. */
const PIECE = "x".repeat(30_000);

/** The checks of one connection, one after the other. */
const STEPS = {
  async calls(hub) {
    for (const length of [0, 1000, 30_000]) {
      const text = "é".repeat(length / 2);
      const answer = await within(`an answer of ${length} bytes`, hub.invoke("Echo", text), AT_ONCE_MS);
      if (answer !== text) throw new Error(`an answer of ${length} bytes is another one`);
    }
  },

  // Each comes alone: nothing pushes it out of a buffer.
  async events(hub) {
    let arrive;
    hub.on("Message", (_, text) => arrive(text));
    for (const length of [1, 1000, 4000, 5000, 9000, 30_000]) {
      const arrived = new Promise((resolve) => (arrive = resolve));
      await hub.send("SendToCaller", PIECE.slice(0, length));
      const text = await within(`an event of ${length} bytes`, arrived, AT_ONCE_MS);
      if (text.length !== length) throw new Error(`an event of ${length} bytes has ${text.length}`);
    }
    hub.off("Message");
  },

  async "large-events"(hub) {
    for (const pieces of [1, 2, 3, 5, 10]) {
      while ((await recorded(hub)).length < pieces) await hub.invoke("Record", PIECE);
      const length = (await recorded(hub)).join("").length;
      if (length !== pieces * PIECE.length) throw new Error(`${pieces} pieces are ${length} bytes`);
    }
  },

  async streams(hub) {
    const items = [];
    const end = new Promise((complete, error) =>
      hub.stream("Counter", 20, 50).subscribe({ next: (item) => items.push(item), complete, error }),
    );
    await within("the end of a stream", end, AT_ONCE_MS);
    if (items.length !== 20) throw new Error(`${items.length} items of 20`);
  },

  async idling(hub) {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    await within("an answer after a pause", hub.invoke("Echo", "here"), AT_ONCE_MS);
  },

  async "other-sites"(hub) {
    const negotiate = { method: "POST", headers: page("http://elsewhere.example") };
    const { status } = await fetch(`${hub.baseUrl}/negotiate?negotiateVersion=1`, negotiate);
    if (status !== 403) throw new Error(`a page of another site is answered with ${status}`);
  },

  async close(hub) {
    const closed = new Promise((resolve) => hub.onclose(resolve));
    hub.send("CloseMe").catch(() => {});
    const error = await within("the end", closed);
    if (error) throw error;
  },
};

function recorded(hub) {
  return within("what was recorded", hub.invoke("Recorded"), AT_ONCE_MS);
}

async function drive(name, url, transport) {
  const options = { transport, headers: page(new URL(url).origin) };
  const hub = new HubConnectionBuilder().withUrl(url, options).configureLogging(LogLevel.None).build();
  let failed = 0;
  const step = async (what, action) => {
    try {
      await action();
      console.log(`PASS ${name}-${what}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${name}-${what}: ${String(error?.message ?? error).replaceAll("\n", " ")}`);
    }
  };
  await step("start", () => within("the start", hub.start()));
  if (failed === 0) {
    for (const [what, check] of Object.entries(STEPS)) await step(what, () => check(hub));
  }
  await within("the stop", hub.stop()).catch(() => {});
  return failed;
}

const [proxy, origin] = process.argv.slice(2);
const runs = Object.entries(PATHS).flatMap(([path, hub]) =>
  Object.entries(TRANSPORTS).map(([transport, kind]) =>
    drive(`${proxy}/${path}-${transport}`, origin + hub, kind),
  ),
);
const failed = (await Promise.all(runs)).reduce((sum, count) => sum + count, 0);
process.exit(failed === 0 ? 0 : 1);
