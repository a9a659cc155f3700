// Somebody in a terminal: the chat's client.

import { Program } from "./program.mjs";

const TIME = /^\d\d:\d\d /;

export class Terminal extends Program {
  /** What happens in a room is shown with its time, which the checks do not know. */
  read(line) {
    return line.replace(TIME, "");
  }
}
