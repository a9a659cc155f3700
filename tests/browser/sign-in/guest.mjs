// Somebody with the page open: does what a person does, by the labels that a person reads.

const WAIT_MS = 10_000;

export class Guest {
  /** What must never happen on the page. */
  faults = [];
  /** The access tokens in the addresses of the WebSockets that the page has opened. */
  tokens = [];
  #context;

  static async open(browser, url, options) {
    const guest = new Guest();
    guest.#context = await browser.newContext({ viewport: { width: 1100, height: 700 }, ...options });
    guest.page = await guest.#context.newPage();
    guest.page.setDefaultTimeout(WAIT_MS);
    guest.page.on("pageerror", (error) => guest.faults.push(error.message));
    guest.page.on("console", (message) => {
      const text = message.text();
      if (text.includes("Content Security Policy") || text.includes("access_token")) guest.faults.push(text);
    });
    guest.page.on("websocket", (socket) => guest.tokens.push(new URL(socket.url()).searchParams.get("access_token")));
    await guest.page.goto(url);
    return guest;
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

  press(name) {
    return this.page.getByRole("button", { name, exact: true }).click();
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
  }

  close() {
    return this.#context.close();
  }
}
