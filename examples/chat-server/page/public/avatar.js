// The coloured circle with somebody's initial.

export function avatar(name) {
  const circle = document.createElement("span");
  circle.className = "avatar";
  circle.ariaHidden = "true";
  circle.textContent = [...name][0].toUpperCase();
  circle.style.setProperty("--hue", hue(name));
  return circle;
}

/** The same name has the same colour everywhere. */
function hue(name) {
  let sum = 0;
  for (const char of name) sum = (sum * 31 + char.codePointAt(0)) % 360;
  return sum;
}
