// Who takes part in a check: two servers, and people with a browser.
import assert from "node:assert/strict";
import { join } from "node:path";
import { Program } from "../program.mjs";
import { Guest } from "./guest.mjs";

/** How long a token of the hasty server lives. */
const HASTE_S = 4;

export class Stage {
  #browser;
  #screenshots;
  #servers = {};
  #guests = [];

  static async open(browser, { "jwt-chat": program, screenshots }) {
    const stage = new Stage();
    stage.#browser = browser;
    stage.#screenshots = screenshots;
    for (const [name, lifetime] of Object.entries({ calm: 60, hasty: HASTE_S })) {
      const server = new Program(program, ["--port", "0", "--token-lifetime", String(lifetime)]);
      stage.#servers[name] = { server, url: (await server.line("open ")).slice("open ".length) };
    }
    return stage;
  }

  /** Somebody at the door of a server: the calm one, or the one whose tokens end after seconds. */
  async guest(server = "calm", options) {
    const guest = await Guest.open(this.#browser, this.#servers[server].url, options);
    this.#guests.push(guest);
    return guest;
  }

  /** Somebody who is in. */
  async guestIn(name, password, server, options) {
    const guest = await this.guest(server, options);
    await guest.signIn(name, password);
    await guest.isIn(name);
    return guest;
  }

  screenshot(guest, name) {
    return guest.page.screenshot({ path: join(this.#screenshots, `sign-in-${name}.png`) });
  }

  /** What the servers have logged so far. */
  get logs() {
    return Object.values(this.#servers).map(({ server }) => server.errors);
  }

  /** Everybody goes home; fails if a page saw something that must never happen. */
  async clear() {
    const guests = this.#guests.splice(0);
    await Promise.all(guests.map((guest) => guest.close()));
    assert.deepEqual(guests.flatMap((guest) => guest.faults), []);
  }

  async close() {
    await Promise.all(Object.values(this.#servers).map(({ server }) => server.kill()));
  }
}
