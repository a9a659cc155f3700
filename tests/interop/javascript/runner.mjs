// Runs checks one after another. Nothing here waits without a limit.

const WAIT_MS = 10_000;
const CHECK_MS = 30_000;

/** `promise`, or an error that says what was waited for. */
export function within(what, promise, ms = WAIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Runs every check, prints one line for each, and gives how many failed. */
export async function runChecks(suite, checks, connections, server, print) {
  let failed = 0;
  for (const [name, { check, notOn }] of Object.entries(checks)) {
    if (notOn?.includes(server)) {
      await print(`OMIT ${suite}/${name}: ${server} has no such thing`);
      continue;
    }
    try {
      await within("the check to end", check(connections), CHECK_MS);
      await print(`PASS ${suite}/${name}`);
    } catch (error) {
      failed += 1;
      await print(`FAIL ${suite}/${name}: ${String(error?.message ?? error).replaceAll("\n", " ")}`);
    } finally {
      await connections.closeAll();
    }
  }
  return failed;
}
