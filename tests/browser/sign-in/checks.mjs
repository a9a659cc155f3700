// The checks.
import assert from "node:assert/strict";

async function wrongPassword(stage) {
  const eve = await stage.guest();
  await eve.signIn("ada", "builder");
  await eve.isTold("Wrong name or password.");
  await eve.isAtTheDoor();
  await stage.screenshot(eve, "wrong-password");
  assert.deepEqual(eve.tokens, []);

  await eve.signIn("ada", "lovelace");
  await eve.isIn("ada");
}

async function messages(stage) {
  const ada = await stage.guestIn("ada", "lovelace");
  const phone = { viewport: { width: 375, height: 667 }, isMobile: true, deviceScaleFactor: 2, colorScheme: "dark" };
  const bob = await stage.guestIn("bob", "builder", "calm", phone);
  const [long, markup] = ["abc".repeat(30), "<img src=x>"];
  await ada.say(long);
  await bob.say(markup);
  for (const guest of [ada, bob]) {
    await guest.reads(`ada: ${long}`);
    await guest.reads(`bob: ${markup}`);
    const isTooWide = () => document.documentElement.scrollWidth > document.documentElement.clientWidth;
    assert.equal(await guest.page.evaluate(isTooWide), false);
  }
  await stage.screenshot(ada, "messages");
  await stage.screenshot(bob, "phone");
}

async function roles(stage) {
  const ada = await stage.guestIn("ada", "lovelace");
  const bob = await stage.guestIn("bob", "builder");
  await bob.say("this stays");
  await ada.reads("bob: this stays");
  // What one may not do is not offered.
  assert.equal(await bob.page.getByRole("button", { name: "Clear for all" }).count(), 0);
  await ada.press("Clear for all");
  await bob.reads("ada has cleared the conversation.");
  assert.equal(await bob.page.getByText("this stays").count(), 0);

  // Nor does it stay when the next one in the same page is a member.
  await ada.press("Sign out");
  await ada.signIn("bob", "builder");
  await ada.isIn("bob");
  assert.equal(await ada.page.getByRole("button", { name: "Clear for all" }).count(), 0);
}

async function signOut(stage) {
  const ada = await stage.guestIn("ada", "lovelace");
  await ada.say("good-bye");
  await ada.reads("ada: good-bye");
  await ada.press("Sign out");
  await ada.isAtTheDoor();
  // Nothing is left for the next one.
  await ada.signIn("bob", "builder");
  await ada.isIn("bob");
  assert.equal(await ada.page.getByText("good-bye").count(), 0);
  await ada.say("hello");
  await ada.reads("bob: hello");
}

/** The token is renewed; when the old one ends, the server closes the connection, and the page opens another. */
async function renewal(stage) {
  const ada = await stage.guestIn("ada", "lovelace", "hasty");
  await ada.page.waitForEvent("websocket");
  await ada.isOnline();
  const [first, second] = ada.tokens;
  assert.ok(first && second && first !== second, "the second connection has a token of its own");
  await ada.say("still here");
  await ada.reads("ada: still here");
}

async function expiry(stage) {
  const ada = await stage.guestIn("ada", "lovelace", "hasty");
  await ada.page.route("**/renew", (route) => route.fulfill({ status: 401 }));
  await ada.isTold("Please sign in again.");
  await ada.isAtTheDoor();
}

async function secrets(stage) {
  const ada = await stage.guestIn("ada", "lovelace");
  assert.equal(ada.tokens.length, 1);
  for (const log of stage.logs) {
    assert.match(log, /\/chat\/negotiate/);
    assert.match(log, /\/chat\?id=\*\*\*/);
    assert.ok(!log.replaceAll("id=***", "").includes("id="), "a connection token is in the log");
    // Every token of the page begins like this one: its header is the same.
    assert.ok(!log.includes("access_token") && !log.includes(ada.tokens[0].split(".")[0]), "a token is in the log");
  }
}

export const checks = {
  "wrong-password": wrongPassword,
  messages,
  roles,
  "sign-out": signOut,
  renewal,
  expiry,
  secrets,
};
