// Puts the parts together: the forms and buttons, the hub, and what is shown.

import { stopClock, toggleClock } from "./clock.js";
import { stillThere, textToPaste, withdrawQuestion } from "./dialogs.js";
import { Hub, reason } from "./hub.js";
import { Room, scrollToEnd } from "./room.js";
import { clearErrors, toast } from "./toasts.js";

const $ = (selector) => document.querySelector(selector);
const TYPING_EVERY_MS = 2_000;

/** Where the browser keeps the name for as long as this tab is open. */
const NAME = "chat.name";

const hub = new Hub();

/** Where the person is, and as whom: `{ room, name, since }`. Kept while the connection is interrupted. */
let seat;
/** What is shown of the room. */
let view;
/** What was called before the answer to `Join` came. */
let early = [];

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
    showState("online");
    // To the server this is a new connection: it must be told again who this is.
    if (seat) await enter(seat);
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

/** Joins, and shows the room. If that is refused, the person is told why and stays at the door. */
async function enter({ room, name, since }) {
  view = undefined;
  early = [];
  try {
    const welcome = await hub.join(room, name);
    seat = { room, name, since: welcome.since };
    view = new Room(name, welcome, ask);
    if (since !== undefined && since !== welcome.since) {
      view.note("The server was restarted. What was said before is gone.");
    }
    for (const act of early) act();
    sessionStorage.setItem(NAME, name);
    // Coming back is not what the person did: what they have just been told stays.
    if (since === undefined) clearErrors();
    showRoom();
  } catch (error) {
    // The connection is gone once more: when it is back, this is tried again.
    if (seat && !hub.isConnected) return;
    toast(reason(error, "Joining did not work. Please try again."), "error");
    goToDoor();
  }
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

$("#join").onsubmit = async (event) => {
  event.preventDefault();
  const button = event.submitter;
  button.disabled = true;
  try {
    await hub.connect();
    showState("online");
    await enter({ room: $("#room").value.trim(), name: $("#name").value.trim() });
  } catch {
    clearErrors();
    toast("The server cannot be reached. Is it running?", "error");
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
