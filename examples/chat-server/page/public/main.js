// Puts the parts together: the forms and buttons, the hub, and what is shown.

import { stopClock, toggleClock } from "./clock.js";
import { linesToPaste, stillThere } from "./dialogs.js";
import { Hub, reason } from "./hub.js";
import { Room } from "./room.js";
import { toast } from "./toasts.js";

const $ = (selector) => document.querySelector(selector);
const TYPING_EVERY_MS = 2_000;

const hub = new Hub();

/** Where the person is, and as whom: `{ room, name }`. Kept while the connection is interrupted. */
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

/** Joins, and shows the room. If that fails, the person is told why and stays at the door. */
async function enter({ room, name }) {
  view = undefined;
  early = [];
  try {
    const welcome = await hub.join(room, name);
    seat = { room, name };
    view = new Room(name, welcome, ask);
    for (const act of early) act();
    showRoom();
  } catch (error) {
    toast(reason(error), "error");
    goToDoor();
  }
}

async function ask(name) {
  await tried(async () => {
    const there = await hub.ask(name);
    toast(there ? `${name} is still here.` : `${name} says no.`);
  });
}

/** Runs a call; if it fails, the person is told why. */
async function tried(call) {
  try {
    await call();
    return true;
  } catch (error) {
    toast(reason(error), "error");
    return false;
  }
}

function showRoom() {
  $("#room-name").textContent = seat.room;
  document.title = `${seat.room} · Chat`;
  $("#door").hidden = true;
  $("#chat").hidden = false;
  $("#entries").scrollTop = $("#entries").scrollHeight;
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
    toast("The server cannot be reached. Is it running?", "error");
  } finally {
    button.disabled = false;
  }
};

$("#leave").onclick = async () => {
  if (await tried(() => hub.leave())) goToDoor();
};

$("#clock-switch").onclick = () => toggleClock(hub, (error) => toast(reason(error), "error"));

$("#say").onsubmit = async (event) => {
  event.preventDefault();
  const text = $("#text").value;
  if (!text.trim()) return;
  $("#text").value = "";
  // What could not be said is given back, unless something new has been written.
  if (!(await tried(() => hub.say(text)))) $("#text").value ||= text;
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

$("#paste-open").onclick = () => paste("");

async function paste(text) {
  const lines = await linesToPaste(text);
  if (lines.length === 0) return;
  await tried(async () => {
    const arrived = await hub.paste(lines);
    toast(arrived === 1 ? "1 line arrived." : `${arrived} lines arrived.`);
  });
}

if (location.hash.length > 1) $("#room").value = decodeURIComponent(location.hash.slice(1));
$("#name").focus();
