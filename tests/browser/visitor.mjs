// Somebody with a page open, whichever it is.

const WAIT_MS = 10_000;

export class Visitor {
  /** What must never happen on the page. */
  faults = [];
  #context;

  static async open(browser, url, options) {
    const visitor = new this();
    visitor.#context = await browser.newContext({ viewport: { width: 1100, height: 700 }, ...options });
    visitor.page = await visitor.#context.newPage();
    visitor.page.setDefaultTimeout(WAIT_MS);
    visitor.watch(visitor.page);
    await visitor.page.goto(url);
    return visitor;
  }

  /** Listens to a page before it is loaded. */
  watch(page) {
    page.on("pageerror", (error) => this.faults.push(error.message));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) this.faults.push(message.text());
    });
  }

  press(name) {
    return this.page.getByRole("button", { name, exact: true }).click();
  }

  close() {
    return this.#context.close();
  }
}
