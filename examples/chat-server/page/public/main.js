// Puts the parts together: the forms and buttons, the hub, and what is shown.

import { stopClock, toggleClock } from "./clock.js";
import { stillThere, textToPaste, withdrawQuestion } from "./dialogs.js";
import { Hub, reason } from "./hub.js";
import { Room, scrollToEnd } from "./room.js";
import { clearErrors, toast } from "./toasts.js";

const $ = (selector) => document.querySelector(selector);
const TYPING_EVERY_MS = 2_000;

/** How often the page tries to come back into its room, and how long it waits between: longer in all than the server waits
    for somebody who is silent. */
const REJOIN_TRIES = 20;
const REJOIN_EVERY_MS = 2_000;

/** Where the browser keeps the name for as long as this tab is open. */
const NAME = "chat.name";

const hub = new Hub();

/** Where the person is, and as whom: `{ room, name, since }`. Kept while the connection is interrupted. */
let seat;
/** What is shown of the room. */
let view;
/** What was called before the answer to `Join` came. */
let early = [];
/** How often the connection has come back: only the latest time counts. */
let comings = 0;

hub.handle({
  posted: (entry) => whenShown(() => view.post(entry)),
  membersChanged: (members) => whenShown(() => view.setMembers(members)),
  isTyping: (name) => whenShown(() => view.setTyping(name)),
  stillThere,
});

hub.watch({
  reconnecting() {
    showState("reconnecting");
    withdrawQuestion();
  },
  async reconnected() {
    if (seat) await comeBack();
    else showState("online");
  },
  closed() {
    showState("offline");
    if (seat) toast("The server has closed the connection.", "error");
    goToDoor();
  },
});

function whenShown(act) {
  if (view) act();
  else early.push(act);
}

/** Joins, and shows the room. */
async function enter({ room, name, since }) {
  view = undefined;
  early = [];
  const welcome = await hub.join(room, name);
  seat = { room, name, since: welcome.since };
  view = new Room(name, welcome, ask);
  if (since !== undefined && since !== welcome.since) {
    view.note("The server was restarted. What was said before is gone.");
  }
  for (const act of early) act();
  sessionStorage.setItem(NAME, name);
  showState("online");
  showRoom();
}

/** To the server this is a new connection: it must be told again who this is. It may not have noticed yet that the old one
    is gone, and say that the name is taken: that passes. */
async function comeBack() {
  const mine = (comings += 1);
  for (let tries = 1; seat && hub.isConnected && mine === comings; tries += 1) {
    try {
      return await enter(seat);
    } catch (error) {
      // If the connection is gone once more, this begins anew when it is back.
      if (!hub.isConnected) return;
      if (tries === REJOIN_TRIES) return refused(error);
    }
    await new Promise((resolve) => setTimeout(resolve, REJOIN_EVERY_MS));
  }
}

/** Back to the door, where the person is told why. */
function refused(error) {
  toast(reason(error, "Joining did not work. Please try again."), "error");
  goToDoor();
}

async function ask(name) {
  await tried(async () => {
    const there = await hub.ask(name);
    toast(there ? `${name} is still here.` : `${name} says no.`);
  });
}

/** Runs a call; if it fails, the person is told why. `kept` tells what becomes of what they have written. */
async function tried(call, kept = "") {
  try {
    await call();
    clearErrors();
    return true;
  } catch (error) {
    tell(error, kept);
    return false;
  }
}

function tell(error, kept = "") {
  const problem = hub.isConnected ? "That did not work." : "Not connected just now.";
  toast(reason(error, `${problem} ${kept}`.trim()), "error");
}

function showRoom() {
  $("#room-name").textContent = seat.room;
  document.title = `${seat.room} · Chat`;
  history.replaceState(null, "", `#${encodeURIComponent(seat.room)}`);
  $("#door").hidden = true;
  $("#chat").hidden = false;
  scrollToEnd();
  $("#text").focus();
}

function goToDoor() {
  seat = undefined;
  view = undefined;
  stopClock();
  document.title = "Chat";
  $("#chat").hidden = true;
  $("#door").hidden = false;
  $("#name").focus();
}

function showState(state) {
  $("#state").dataset.state = state;
  $("#state").textContent = state;
  const away = state !== "online";
  for (const calls of document.querySelectorAll(".calls")) calls.disabled = away;
  $("#away").hidden = !away;
  $("#typing").hidden = away;
}

async function connected() {
  try {
    await hub.connect();
    return true;
  } catch {
    toast("The server cannot be reached. Is it running?", "error");
    return false;
  }
}

$("#join").onsubmit = async (event) => {
  event.preventDefault();
  const button = event.submitter;
  button.disabled = true;
  clearErrors();
  try {
    if (await connected()) await enter({ room: $("#room").value.trim(), name: $("#name").value.trim() });
  } catch (error) {
    refused(error);
  } finally {
    button.disabled = false;
  }
};

$("#leave").onclick = async () => {
  if (await tried(() => hub.leave())) goToDoor();
};

$("#clock-switch").onclick = () =>
  toggleClock(hub, (error) => {
    // A clock that stops with the connection needs no words: the state says it.
    if (hub.isConnected) tell(error);
  });

$("#say").onsubmit = async (event) => {
  event.preventDefault();
  const text = $("#text").value;
  if (!text.trim()) return;
  $("#text").value = "";
  // What could not be said is given back, unless something new has been written.
  if (!(await tried(() => hub.say(text), "Your text is kept."))) $("#text").value ||= text;
};

let typingToldAt = 0;
$("#text").oninput = () => {
  const now = Date.now();
  if (now - typingToldAt < TYPING_EVERY_MS) return;
  typingToldAt = now;
  hub.typing().catch(() => {});
};

$("#text").onpaste = (event) => {
  const text = event.clipboardData.getData("text");
  if (!text.includes("\n")) return;
  event.preventDefault();
  paste(text);
};

/** What was to be pasted and did not arrive. */
let unsent = "";
$("#paste-open").onclick = () => paste(unsent);

async function paste(given) {
  const text = await textToPaste(given);
  const lines = text.split("\n").filter((line) => line.trim());
  if (lines.length === 0) return;
  const arrived = await tried(async () => {
    const arrived = await hub.paste(lines);
    toast(arrived === 1 ? "1 line arrived." : `${arrived} lines arrived.`);
  }, "Your lines are kept.");
  unsent = arrived ? "" : text;
}

if (location.hash.length > 1) $("#room").value = decodeURIComponent(location.hash.slice(1));
$("#name").value = sessionStorage.getItem(NAME) ?? "";
$("#name").focus();
