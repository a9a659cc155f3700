// Somebody with the page open: does what a person does, by the labels that a person reads.

import { Visitor } from "../visitor.mjs";

export class Guest extends Visitor {
  /** The access tokens in the addresses of the WebSockets that the page has opened. */
  tokens = [];

  watch(page) {
    super.watch(page);
    page.on("console", (message) => {
      if (message.text().includes("access_token")) this.faults.push(message.text());
    });
    page.on("websocket", (socket) => this.tokens.push(new URL(socket.url()).searchParams.get("access_token")));
  }

  /** Fills in the form and sends it with the Enter key. */
  async signIn(name, password) {
    await this.page.getByLabel("Name").fill(name);
    await this.page.getByLabel("Password").fill(password);
    await this.page.getByLabel("Password").press("Enter");
  }

  async isIn(name) {
    await this.page.locator("#name").getByText(name, { exact: true }).waitFor();
    await this.isOnline();
  }

  isOnline() {
    return this.page.getByRole("status").getByText("online", { exact: true }).waitFor();
  }

  async say(text) {
    await this.page.getByLabel("Message", { exact: true }).fill(text);
    await this.page.keyboard.press("Enter");
  }

  /** Waits for a line of the conversation. */
  reads(line) {
    return this.page.getByRole("log").getByText(line, { exact: true }).waitFor();
  }

  /** Waits until the page says why something did not work. */
  isTold(text) {
    return this.page.getByRole("alert").getByText(text).waitFor();
  }

  isAtTheDoor() {
    return this.page.getByRole("heading", { name: "Sign in" }).waitFor();
  }}
