// Puts the parts together: the forms, the session, and the connection of the hub.

import { Session } from "./session.js";

const { HubConnectionBuilder, LogLevel } = window.signalR;
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

async function enter() {
  connection = new HubConnectionBuilder()
    // Asked for each connection, so that it is always the token of now. The client sends it in a header, or in the
    // query where browsers let it send no headers.
    .withUrl("chat", { accessTokenFactory: () => session.token })
    // The server closes the connection when the token ends that opened it. The client comes back with the new one.
    .withAutomaticReconnect()
    // Below that it writes URLs with their tokens to the console.
    .configureLogging(LogLevel.Warning)
    .build();
  connection.on("Said", ({ from, text }) => show(`${from}: ${text}`));
  connection.on("Cleared", (by) => $("#messages").replaceChildren(line(`${by} has cleared the conversation.`)));
  connection.onreconnecting(() => showState("reconnecting"));
  connection.onreconnected(() => showState("online"));
  connection.onclose((error) => leave(error ? "The connection is lost." : ""));
  await connection.start();
  $("#name").textContent = session.name;
  showState("online");
  $("#door").hidden = true;
  $("#chat").hidden = false;
}

/** Back to the door, where the reason is shown. */
function leave(reason) {
  session?.end();
  session = undefined;
  connection?.stop();
  connection = undefined;
  $("#messages").replaceChildren();
  $("#chat").hidden = true;
  $("#door").hidden = false;
  if (reason) $("#refusal").textContent = reason;
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
    $("#problem").textContent = error.message.split("HubException: ").pop();
    return false;
  }
}

function show(text) {
  $("#messages").append(line(text));
}

function line(text) {
  const item = document.createElement("li");
  item.textContent = text;
  return item;
}

function showState(state) {
  $("#state").textContent = state;
}

setInterval(() => {
  if (session) $("#remaining").value = session.secondsLeft;
}, 500);
