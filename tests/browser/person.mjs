// Somebody with the chat's page open: does what a person does, by the labels that a person reads.

import { Visitor } from "./visitor.mjs";

export class Person extends Visitor {
  /** Fills in the form and sends it with the Enter key. */
  async knock(room, name) {
    await this.page.getByLabel("Room").fill(room);
    await this.page.getByLabel("Your name").fill(name);
    await this.page.getByLabel("Your name").press("Enter");
  }

  async join(room, name) {
    await this.knock(room, name);
    await this.page.getByRole("heading", { level: 1, name: room }).waitFor();
    await this.page.getByRole("listitem").filter({ hasText: `${name}you` }).waitFor();
  }

  async say(text) {
    await this.write(text);
    await this.page.keyboard.press("Enter");
  }

  async write(text) {
    await this.page.getByLabel("Message", { exact: true }).pressSequentially(text);
  }

  /** Waits until exactly these texts have been said in the room, in this order. */
  texts(...texts) {
    return this.#shown("the messages", "#entries .message p", texts);
  }

  /** Waits for a notice such as `Ada joined`. */
  notice(text) {
    return this.page.getByRole("log").getByText(text).waitFor();
  }

  /** Waits until exactly these are in the room, in this order. */
  members(names) {
    return this.#shown("the members", "#members li > span:nth-child(2)", names);
  }

  toast(text) {
    return this.page.locator("#toasts").getByText(text).waitFor();
  }

  state(state) {
    return this.page.locator(`#state[data-state="${state}"]`).waitFor();
  }

  dialog(name) {
    return this.page.getByRole("dialog", { name });
  }

  /** Waits until the elements have exactly these texts. */
  async #shown(what, selector, wanted) {
    const texts = (selector) => [...document.querySelectorAll(selector)].map((element) => element.textContent);
    const areShown = ({ selector, wanted }) => {
      const found = [...document.querySelectorAll(selector)].map((element) => element.textContent);
      return JSON.stringify(found) === JSON.stringify(wanted);
    };
    try {
      await this.page.waitForFunction(areShown, { selector, wanted });
    } catch {
      const found = await this.page.evaluate(texts, selector);
      throw new Error(`waited for ${what} ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
    }
  }
}
