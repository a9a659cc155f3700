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
  await connection.start();
  $("#name").textContent = session.name;
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
    $("#problem").textContent = error.message.split("HubException: ").pop();
    return false;
  }
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
}

function showRemaining() {
  if (session) $("#remaining").value = session.secondsLeft;
}

setInterval(showRemaining, 500);
