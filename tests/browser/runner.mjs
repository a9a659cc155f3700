// Runs checks one after another and prints one line for each. Nothing here waits without a limit.

const WAIT_MS = 10_000;
const CHECK_MS = 60_000;

/** `promise`, or an error that says what was waited for. */
export function within(what, promise, ms = WAIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms for ${what}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Runs every check, and gives how many failed. */
export async function runChecks(suite, checks, stage) {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await within("the check to end", check(stage), CHECK_MS);
      await stage.clear();
      console.log(`PASS ${suite}/${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${suite}/${name}: ${String(error?.message ?? error).replaceAll("\n", " ")}`);
      await stage.clear().catch(() => {});
    }
  }
  return failed;
}
