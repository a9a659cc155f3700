// Puts the parts together: the forms, the session, and the connection of the hub.

import { Session } from "./session.js";

const { HubConnectionBuilder, HubConnectionState, LogLevel } = window.signalR;

/** Stands before the text of an error that the hub means for a person, and nowhere else. */
const FOR_PEOPLE = "HubException: ";

const $ = (selector) => document.querySelector(selector);

let session;
let connection;

$("#sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  $("#refusal").textContent = "";
  const form = event.target;
  try {
    session = await Session.signIn(Object.fromEntries(new FormData(form)), () => leave("Please sign in again."));
    form.reset();
    await enter();
  } catch (error) {
    leave(error.message);
  }
});

$("#sign-out").addEventListener("click", () => leave());

async function enter() {
  const entered = new HubConnectionBuilder()
    // Asked for each connection, so that it is always the token of now. The client sends it in a header, or in the
    // query where browsers let it send no headers.
    .withUrl("chat", { accessTokenFactory: () => session.token })
    // The server closes the connection when the token ends that opened it. The client comes back with the new one.
    .withAutomaticReconnect()
    // Below that it writes URLs with their tokens to the console.
    .configureLogging(LogLevel.Warning)
    .build();
  connection = entered;
  connection.on("Said", ({ from, text }) => show(`${from}: ${text}`));
  connection.on("Cleared", (by) => $("#messages").replaceChildren(line(`${by} has cleared the conversation.`)));
  connection.onreconnecting(() => showState("reconnecting"));
  connection.onreconnected(() => showState("online"));
  connection.onclose(() => {
    // Who has left already, and has perhaps signed in again, is not sent away by the end of an old connection.
    if (connection === entered) leave("The connection is lost.");
  });
  try {
    await entered.start();
  } catch {
    // The words of the library are for those who wrote the page.
    throw new Error("The server cannot be reached. Please try again later.");
  }
  $("#name").textContent = session.name;
  $("#moderation").hidden = session.role !== "moderator";
  $("#problem").textContent = "";
  showState("online");
  showRemaining();
  $("#door").hidden = true;
  $("#chat").hidden = false;
  $("#say").elements.text.focus();
}

/** Back to the door, where the reason is shown. */
function leave(reason = "") {
  session?.end();
  session = undefined;
  connection?.stop();
  connection = undefined;
  $("#messages").replaceChildren();
  $("#chat").hidden = true;
  $("#door").hidden = false;
  $("#refusal").textContent = reason;
  const { name, password } = $("#sign-in").elements;
  (name.value ? password : name).select();
}

$("#say").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  if (await tried("Say", form.text.value)) form.reset();
});

$("#clear").addEventListener("click", () => tried("Clear"));

/** Calls the hub; if that fails, the person is told why. */
async function tried(method, ...args) {
  $("#problem").textContent = "";
  try {
    await connection.invoke(method, ...args);
    return true;
  } catch (error) {
    $("#problem").textContent = reason(error);
    return false;
  }
}

/** What a person is told of a failed call: the hub's own words or ours, never those of the library. */
function reason(error) {
  const at = error.message.indexOf(FOR_PEOPLE);
  if (at >= 0) return error.message.slice(at + FOR_PEOPLE.length);
  const isConnected = connection?.state === HubConnectionState.Connected;
  return isConnected ? "That did not work." : "Not connected just now. Your text is kept.";
}

function show(text) {
  const item = line(text);
  $("#messages").append(item);
  item.scrollIntoView();
}

function line(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function showState(state) {
  $("#state").textContent = state;
  const away = state !== "online";
  for (const calls of document.querySelectorAll(".calls")) calls.disabled = away;
  $("#away").hidden = !away;
}

function showRemaining() {
  if (session) $("#remaining").value = session.secondsLeft;
}

setInterval(showRemaining, 500);
