// What is shown of a room: what happened, who is here, who is writing.

import { avatar } from "./avatar.js";

const entries = document.querySelector("#entries");
const members = document.querySelector("#members");
const typing = document.querySelector("#typing");

/** How far from the end, in pixels, still counts as reading the newest. */
const NEAR_END = 80;

/** Whether the end was in view before the entries were given another height. */
let atEnd = true;
entries.onscroll = () => (atEnd = isAtEnd());
new ResizeObserver(() => atEnd && scrollToEnd()).observe(entries);

const TYPING_SHOWN_MS = 3_000;
const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

export class Room {
  #me;
  #version;
  #onAsk;
  #typing = new Map();

  /** `onAsk` is called with a name when the person asks whether somebody is still there. */
  constructor(me, { history, members }, onAsk) {
    this.#me = me;
    this.#onAsk = onAsk;
    this.#version = -1;
    entries.replaceChildren();
    for (const entry of history) this.post(entry);
    this.setMembers(members);
    this.#showTyping();
  }

  /** Shows an entry where its number says. One that is there already is not shown twice. */
  post(entry) {
    let before = entries.lastElementChild;
    while (before && Number(before.dataset.id) > entry.id) before = before.previousElementSibling;
    if (before && Number(before.dataset.id) === entry.id) return;

    const stays = !isAtEnd();
    const item = entry.event.kind === "said" ? this.#message(entry, before) : notice(entry);
    item.dataset.id = entry.id;
    if (before) before.after(item);
    else entries.prepend(item);
    if (!stays) scrollToEnd();
    this.#stopTyping(entry.name);
  }

  /** Puts a line of the page's own above everything. */
  note(text) {
    const item = document.createElement("li");
    item.className = "notice";
    item.textContent = text;
    entries.prepend(item);
  }

  /** Shows who is here, unless something newer is shown already. */
  setMembers({ version, names }) {
    if (version < this.#version) return;
    this.#version = version;
    members.replaceChildren(...names.map((name) => this.#member(name)));
  }

  setTyping(name) {
    clearTimeout(this.#typing.get(name));
    this.#typing.set(name, setTimeout(() => this.#stopTyping(name), TYPING_SHOWN_MS));
    this.#showTyping();
  }

  #stopTyping(name) {
    clearTimeout(this.#typing.get(name));
    if (this.#typing.delete(name)) this.#showTyping();
  }

  #showTyping() {
    const names = [...this.#typing.keys()];
    const verb = names.length === 1 ? "is" : "are";
    typing.textContent = names.length === 0 ? "" : `${names.join(" and ")} ${verb} writing …`;
  }

  #message({ at, name, event }, before) {
    const item = document.createElement("li");
    item.className = name === this.#me ? "message mine" : "message";
    // One head is enough for several messages in a row.
    item.classList.toggle("follows", before?.dataset.from === name);
    item.dataset.from = name;
    const text = document.createElement("p");
    text.textContent = event.text;
    item.append(avatar(name), head(name, at), text);
    return item;
  }

  #member(name) {
    const item = document.createElement("li");
    item.dataset.name = name;
    const who = document.createElement("span");
    who.textContent = name;
    item.append(avatar(name), who);
    if (name === this.#me) {
      const you = document.createElement("small");
      you.textContent = "you";
      item.append(you);
    } else {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Still there?";
      button.ariaLabel = `Ask whether ${name} is still there`;
      button.onclick = async () => {
        button.disabled = true;
        await this.#onAsk(name);
        button.disabled = false;
      };
      item.append(button);
    }
    return item;
  }
}

function isAtEnd() {
  return entries.scrollHeight - entries.scrollTop - entries.clientHeight < NEAR_END;
}

export function scrollToEnd() {
  entries.scrollTop = entries.scrollHeight;
  atEnd = true;
}

function notice({ at, name, event }) {
  const item = document.createElement("li");
  item.className = "notice";
  item.textContent = `${name} ${event.kind} `;
  item.append(time(at));
  return item;
}

function head(name, at) {
  const line = document.createElement("div");
  line.className = "head";
  const who = document.createElement("strong");
  who.textContent = name;
  line.append(who, time(at));
  return line;
}

function time(at) {
  const element = document.createElement("time");
  element.dateTime = new Date(at).toISOString();
  element.textContent = timeOfDay.format(at);
  return element;
}
