// The checks. Each has a room of its own.
import assert from "node:assert/strict";

/** A program that gives up says so in one line. */
async function givesUp(program, text) {
  const { code, errors } = await program.end();
  assert.equal(code, 1);
  assert.match(errors, text);
  assert.equal(errors.trimEnd().split("\n").length, 1, errors);
}

async function messages(stage) {
  const ada = await stage.personIn("messages", "Ada");
  const bob = await stage.personIn("messages", "Bob");
  const cy = await stage.terminalIn("messages", "Cy");

  await ada.say("Good morning, everybody.");
  await cy.line("Ada: Good morning, everybody.");
  await bob.texts("Good morning, everybody.");
  cy.type("Good morning from a terminal.");
  await bob.texts("Good morning, everybody.", "Good morning from a terminal.");
  await bob.say("And from another browser.");
  await cy.line("Bob: And from another browser.");
  for (const person of [ada, bob]) {
    await person.texts("Good morning, everybody.", "Good morning from a terminal.", "And from another browser.");
  }
  await stage.screenshot(ada, "messages");
}

async function members(stage) {
  const ada = await stage.personIn("members", "Ada");
  await ada.members(["Ada"]);
  const bob = await stage.personIn("members", "Bob");
  const cy = await stage.terminalIn("members", "Cy");
  await cy.line("* here: Ada, Bob, Cy");
  await ada.members(["Ada", "Bob", "Cy"]);
  await bob.members(["Ada", "Bob", "Cy"]);

  // One leaves, one just closes the page.
  cy.type("/quit");
  assert.deepEqual(await cy.end(), { code: 0, errors: "" });
  await ada.members(["Ada", "Bob"]);
  await bob.close();
  await ada.members(["Ada"]);
}

async function notices(stage) {
  const ada = await stage.personIn("notices", "Ada");
  const cy = await stage.terminalIn("notices", "Cy");
  const bob = await stage.personIn("notices", "Bob");
  await ada.notice("Bob joined");
  await cy.line("* Bob joined");
  await bob.press("Leave");
  await ada.notice("Bob left");
  await cy.line("* Bob left");
  await bob.page.getByRole("button", { name: "Join" }).waitFor();
}

async function history(stage) {
  const ada = await stage.personIn("history", "Ada");
  await ada.say("the first");
  await ada.say("the second");
  await ada.texts("the first", "the second");

  const late = await stage.personIn("history", "Bob");
  await late.texts("the first", "the second");
  const cy = await stage.terminalIn("history", "Cy");
  await cy.line("Ada: the first");
  await cy.line("Ada: the second");
}

async function rooms(stage) {
  const ada = await stage.personIn("rooms", "Ada");
  const bob = await stage.personIn("another room", "Bob");
  await ada.say("only for this room");
  await ada.texts("only for this room");
  await bob.say("only for the other");
  await bob.texts("only for the other");
  await ada.texts("only for this room");
  await ada.members(["Ada"]);
}

async function nameTaken(stage) {
  await stage.personIn("name-taken", "Ada");
  const other = await stage.person();
  await other.knock("name-taken", "ada");
  await other.toast("Somebody in this room already has this name. Please choose another one.");
  await stage.screenshot(other, "name-taken");
  await other.join("name-taken", "Grace");
  // What has worked since takes the error away.
  await other.page.locator("#toasts .error").waitFor({ state: "detached" });

  await givesUp(stage.terminal("name-taken", "Ada"), /^chat-client: Somebody in this room already has this name/);
}

async function clock(stage) {
  const ada = await stage.personIn("clock", "Ada");
  const shown = ada.page.locator("#clock");
  await ada.press("Clock");
  await shown.filter({ hasText: /\d/ }).waitFor();
  const first = await shown.textContent();
  await shown.filter({ hasNotText: first }).waitFor();
  await ada.press("Clock");
  await shown.waitFor({ state: "hidden" });

  const cy = await stage.terminalIn("clock", "Cy");
  cy.type("/clock");
  await cy.line("* the server's clock: ");
  await cy.line("* the server's clock: ");
  cy.type("/quit");
  assert.deepEqual(await cy.end(), { code: 0, errors: "" });
}

async function paste(stage) {
  const ada = await stage.personIn("paste", "Ada");
  const bob = await stage.personIn("paste", "Bob");
  await ada.press("Paste lines");
  await ada.page.getByLabel("Lines", { exact: true }).fill("one\ntwo\n\nthree\n");
  await ada.press("Send lines");
  await ada.toast("3 lines arrived.");
  await bob.texts("one", "two", "three");

  // Several lines that are pasted into the line for messages end up in the dialog.
  await ada.page.getByLabel("Message", { exact: true }).evaluate((field) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", "four\nfive");
    field.dispatchEvent(new ClipboardEvent("paste", { clipboardData, cancelable: true }));
  });
  await ada.press("Send lines");
  await ada.toast("2 lines arrived.");

  const cy = await stage.terminalIn("paste", "Cy");
  for (const line of ["/paste", "six", "seven", "."]) cy.type(line);
  await cy.line("* 2 lines arrived");
  await bob.texts("one", "two", "three", "four", "five", "six", "seven");
}

async function stillThere(stage) {
  const ada = await stage.personIn("still-there", "Ada");
  const bob = await stage.personIn("still-there", "Bob");
  const cy = await stage.terminalIn("still-there", "Cy");
  const question = bob.dialog("Are you still there?");

  await ada.press("Ask whether Bob is still there");
  await question.getByText("Ada would like to know.").waitFor();
  await stage.screenshot(bob, "still-there");
  await bob.press("Yes, I am here");
  await ada.toast("Bob is still here.");

  await ada.press("Ask whether Bob is still there");
  await question.waitFor();
  await bob.page.keyboard.press("Escape");
  await ada.toast("Bob says no.");

  await ada.press("Ask whether Cy is still there");
  await cy.line("* Ada asks whether you are still there");
  cy.type("/yes");
  await ada.toast("Cy is still here.");

  cy.type("/ask Bob");
  await question.getByText("Cy would like to know.").waitFor();
  await bob.press("No");
  await cy.line("* Bob says no");
}

/** Whoever is asked may ask, and talk, before answering. */
async function stillThereBothWays(stage) {
  const ada = await stage.personIn("both-ways", "Ada");
  const cy = await stage.terminalIn("both-ways", "Cy");
  await ada.press("Ask whether Cy is still there");
  await cy.line("* Ada asks whether you are still there");
  cy.type("/ask Ada");
  await ada.dialog("Are you still there?").waitFor();
  cy.type("one moment");
  await ada.texts("one moment");
  cy.type("/yes");
  await ada.toast("Cy is still here.");
  await ada.press("Yes, I am here");
  await cy.line("* Ada is still here");
}

async function typing(stage) {
  const ada = await stage.personIn("typing", "Ada");
  const bob = await stage.personIn("typing", "Bob");
  const note = bob.page.getByText("Ada is writing …");
  await ada.write("I am");
  await note.waitFor();
  await ada.page.keyboard.press("Enter");
  await bob.texts("I am");
  await note.waitFor({ state: "detached" });
}

async function markup(stage) {
  const ada = await stage.personIn("markup", "Ada");
  const bob = await stage.personIn("markup", "Bob");
  const text = `<img src="x" onerror="document.title='owned'"> & "quotes"`;
  await ada.say(text);
  await bob.texts(text);
  assert.equal(await bob.page.locator("#entries img").count(), 0);
}

async function phone(stage) {
  const room = "A room with a long name.";
  const ada = await stage.personIn(room, "Ada");
  const viewport = { width: 375, height: 667 };
  const options = { viewport, isMobile: true, deviceScaleFactor: 2, colorScheme: "dark" };
  const bob = await stage.personIn(room, "Bob", options);
  await ada.say(`A long word: ${"abc".repeat(30)}`);
  await bob.press("Clock");
  await bob.page.locator("#clock").filter({ hasText: /\d/ }).waitFor();
  await bob.say("Hello from a phone.");
  await bob.page.getByRole("log").getByText("Hello from a phone.").waitFor();
  // Nothing reaches beyond the screen, or has to be scrolled sideways to be read.
  const tooWide = await bob.page.evaluate(() =>
    ["html", "header", "#entries", "#say"].filter((selector) => {
      const { scrollWidth, clientWidth } = document.querySelector(selector);
      return scrollWidth > clientWidth;
    }),
  );
  assert.deepEqual(tooWide, []);

  // A toast covers nothing: neither what is said, nor what can be pressed.
  await bob.press("Paste lines");
  await bob.page.getByLabel("Lines", { exact: true }).fill("one line");
  await bob.press("Send lines");
  await bob.toast("1 line arrived.");
  const covered = await bob.page.evaluate(() => {
    const boxOf = (selector) => document.querySelector(selector).getBoundingClientRect();
    const toast = boxOf(".toast");
    const meets = (box) => box.top < toast.bottom && toast.top < box.bottom;
    const parts = ["header", "aside", "#entries", "#typing", "#say"];
    const beyond = boxOf("#say").bottom > window.innerHeight ? ["the screen ends before #say"] : [];
    return [...parts.filter((selector) => meets(boxOf(selector))), ...beyond];
  });
  assert.deepEqual(covered, []);
  // And the newest line is in view, though there is less room.
  const newest = bob.page.getByRole("log").getByText("one line", { exact: true });
  assert.ok(await newest.evaluate((line) => {
    const log = document.querySelector("#entries").getBoundingClientRect();
    return line.getBoundingClientRect().bottom <= log.bottom;
  }));
  await stage.screenshot(bob, "phone");
}

async function reload(stage) {
  const room = "A room & a half";
  const ada = await stage.personIn(room, "Ada");
  await ada.page.reload();
  assert.equal(await ada.page.getByLabel("Your name").inputValue(), "Ada");
  assert.equal(await ada.page.getByLabel("Room").inputValue(), room);
}

async function scripted(stage) {
  const ada = await stage.personIn("scripted", "Ada");
  const cy = stage.terminal("scripted", "Cy");
  for (const line of ["one", "two", "/who"]) cy.type(line);
  cy.endInput();
  assert.deepEqual(await cy.end(), { code: 0, errors: "" });
  await ada.texts("one", "two");
  await ada.notice("Cy left");
}

async function refusals(stage) {
  await givesUp(stage.otherServer("--port", stage.port), /^chat-server: port \d+ is in use: /);
  const withoutPage = stage.otherServer("--port", "0", "--page", "no-such-folder");
  await givesUp(withoutPage, /^chat-server: the page is not built.*npm ci/);
  // Port 9 is for discarding; nobody listens on it.
  const withoutServer = stage.terminal("room", "Cy", "http://127.0.0.1:9/chat");
  await givesUp(withoutServer, /^chat-client: 127\.0\.0\.1:9 could not be reached/);
}

async function reconnect(stage) {
  const ada = await stage.personIn("reconnect", "Ada");
  const cy = await stage.terminalIn("reconnect", "Cy");
  await ada.say("before");
  await ada.texts("before");
  await stage.stopServer();

  await ada.state("reconnecting");
  await ada.page.getByText("Not connected just now. Your text is kept.").waitFor();
  for (const name of ["Send", "Paste lines", "Clock", "Leave"]) {
    assert.ok(await ada.page.getByRole("button", { name, exact: true }).isDisabled(), name);
  }
  assert.equal(await ada.page.locator("#chat button:enabled").count(), 0);
  await ada.say("written meanwhile");
  await stage.screenshot(ada, "reconnecting");
  assert.equal(await ada.page.locator(".toast").count(), 0);
  await cy.line("* the connection is lost");
  cy.type("typed meanwhile");
  await cy.line("* not connected just now: your line is kept");

  await stage.startServer();
  await ada.state("online");
  await ada.notice("The server was restarted. What was said before is gone.");
  await cy.line("* the server was restarted");
  // What was written while there was no connection is there still.
  await ada.texts("typed meanwhile");
  await ada.page.keyboard.press("Enter");
  await ada.texts("typed meanwhile", "written meanwhile");
  await cy.line("Ada: written meanwhile");
  cy.type("/quit");
  assert.deepEqual(await cy.end(), { code: 0, errors: "" });
  await ada.members(["Ada"]);
}

/** The server may take one for somebody else of the same name, until it notices that the old connection is gone. */
async function nameStillThere(stage) {
  const ada = await stage.personIn("ghost", "Ada");
  await ada.page.route("**/chat/negotiate*", (route) => route.abort());
  await stage.stopServer();
  await ada.state("reconnecting");
  await stage.startServer();
  const ghost = stage.terminal("ghost", "Ada");
  await ghost.line("* this is ghost");

  const opened = ada.page.waitForEvent("websocket", { timeout: 20_000 });
  await ada.page.unroute("**/chat/negotiate*");
  const isRefused = ({ payload }) => payload.includes("already has this name");
  await (await opened).waitForEvent("framereceived", { predicate: isRefused });
  await ada.state("reconnecting");
  ghost.type("/quit");
  assert.deepEqual(await ghost.end(), { code: 0, errors: "" });
  await ada.state("online");
  await ada.members(["Ada"]);
}

/** A call that is on its way when the connection breaks: the text comes back, and no word of the library is shown. */
async function interrupted(stage) {
  const ada = await stage.personIn("interrupted", "Ada");
  await ada.write("on its way");
  await ada.page.evaluate(() => {
    // The next message goes nowhere, and the connection breaks behind it.
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function () {
      WebSocket.prototype.send = send;
      this.close();
    };
  });
  await ada.page.keyboard.press("Enter");
  await ada.toast("Not connected just now. Your text is kept.");
  await ada.state("online");
  assert.equal(await ada.page.getByLabel("Message", { exact: true }).inputValue(), "on its way");
}

export const checks = {
  messages,
  members,
  notices,
  history,
  rooms,
  "name-taken": nameTaken,
  clock,
  paste,
  "still-there": stillThere,
  "still-there-both-ways": stillThereBothWays,
  typing,
  markup,
  phone,
  reload,
  scripted,
  refusals,
  reconnect,
  "name-still-there": nameStillThere,
  interrupted,
};
