// A program that is talked to by lines.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { within } from "./runner.mjs";

export class Program {
  #child;
  #lines = [];
  #waiting = [];
  #errors = "";
  #ended;

  constructor(file, args) {
    this.#child = spawn(file, args, { stdio: "pipe" });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.#errors += text));
    // What is written to a program that has ended goes nowhere.
    this.#child.stdin.on("error", () => {});
    createInterface(this.#child.stdout).on("line", (line) => {
      this.#lines.push(this.read(line));
      this.#match();
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code) => resolve({ code, errors: this.#errors }));
    });
    this.#ended.catch(() => {});
  }

  /** Waits for a line that begins like this, and gives it. Lines before it are let go. */
  line(start) {
    const found = new Promise((resolve) => this.#waiting.push({ start, resolve }));
    this.#match();
    return within(`the line '${start}'`, found).catch((error) => {
      throw new Error(`${error.message}; there was: ${JSON.stringify(this.#lines)} ${this.#errors}`);
    });
  }

  /** A line as the checks see it. */
  read(line) {
    return line;
  }

  type(line) {
    this.#child.stdin.write(`${line}\n`);
  }

  endInput() {
    this.#child.stdin.end();
  }

  terminate() {
    this.#child.kill("SIGTERM");
  }

  /** What it has written to its standard error so far. */
  get errors() {
    return this.#errors;
  }

  /** How it ended: `{ code, errors }`. */
  end() {
    return within("the program to end", this.#ended);
  }

  kill() {
    this.#child.kill("SIGKILL");
    return this.end();
  }

  #match() {
    while (this.#waiting.length > 0) {
      const { start, resolve } = this.#waiting[0];
      const at = this.#lines.findIndex((line) => line.startsWith(start));
      if (at < 0) return;
      resolve(this.#lines[at]);
      this.#lines.splice(0, at + 1);
      this.#waiting.shift();
    }
  }
}
