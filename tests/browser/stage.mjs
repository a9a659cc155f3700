// Who takes part in a check: the server, people with a browser, people with a terminal.
import assert from "node:assert/strict";
import { join } from "node:path";
import { Person } from "./person.mjs";
import { Program } from "./program.mjs";
import { Terminal } from "./terminal.mjs";

export class Stage {
  #browser;
  #programs;
  #server;
  #url;
  #people = [];
  #started = [];

  constructor(browser, programs) {
    this.#browser = browser;
    this.#programs = programs;
  }

  /** Starts the server, on a port of the system's choice or the one that it had before. */
  async startServer() {
    const port = this.#url ? new URL(this.#url).port : "0";
    this.#server = this.#start("chat-server", ["--port", port]);
    this.#url = (await this.#server.line("listening on ")).slice("listening on ".length);
  }

  /** Tells the server to stop, as a service manager does. */
  async stopServer() {
    this.#server.terminate();
    assert.deepEqual(await this.#server.end(), { code: 0, errors: "" });
  }

  get port() {
    return new URL(this.#url).port;
  }

  /** A server that is not expected to start. */
  otherServer(...args) {
    return this.#participant(this.#start("chat-server", args));
  }

  async person(options) {
    const person = await Person.open(this.#browser, this.#url, options);
    this.#people.push(person);
    return person;
  }

  /** Somebody with a page open, in a room. */
  async personIn(room, name, options) {
    const person = await this.person(options);
    await person.join(room, name);
    return person;
  }

  terminal(room, name, url = `${this.#url}/chat`) {
    const args = ["--room", room, "--name", name, "--url", url];
    return this.#participant(new Terminal(this.#programs["chat-client"], args));
  }

  /** Somebody with a terminal, in a room. */
  async terminalIn(room, name) {
    const terminal = this.terminal(room, name);
    await terminal.line(`* this is ${room}`);
    return terminal;
  }

  screenshot(person, name) {
    return person.page.screenshot({ path: join(this.#programs.screenshots, `${name}.png`) });
  }

  /** Everybody goes home; fails if a page saw something that must never happen. */
  async clear() {
    const [people, started] = [this.#people.splice(0), this.#started.splice(0)];
    await Promise.all([...people.map((person) => person.close()), ...started.map((program) => program.kill())]);
    assert.deepEqual(people.flatMap((person) => person.faults), []);
  }

  async close() {
    await this.#server.kill();
  }

  #participant(program) {
    this.#started.push(program);
    return program;
  }

  #start(name, args) {
    return new Program(this.#programs[name], args);
  }
}
