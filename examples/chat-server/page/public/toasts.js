// Short messages that go away by themselves.

const SHOWN_MS = 6_000;
const toasts = document.querySelector("#toasts");

export function toast(text, kind = "info") {
  const item = document.createElement("div");
  item.className = `toast ${kind}`;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "×";
  close.ariaLabel = "Dismiss";
  close.onclick = () => item.remove();
  item.append(words, close);
  toasts.append(item);
  setTimeout(() => item.remove(), SHOWN_MS);
}

/** Takes the errors away: what has worked now is news enough. */
export function clearErrors() {
  for (const item of toasts.querySelectorAll(".error")) item.remove();
}
