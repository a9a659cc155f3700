// What must be so. Without Node.js, because the checks run in a page too.

/** Whether two values have the same members, all the way down. */
export function isEqual(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && isEqual(a[name], b[name]));
}

export function assert(holds, what) {
  if (!holds) throw new Error(what);
}

export function assertEqual(found, wanted) {
  assert(isEqual(found, wanted), `found ${shown(found)}, wanted ${shown(wanted)}`);
}

function shown(value) {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 300 ? text : `${text.slice(0, 300)}… (${text.length} characters)`;
}
