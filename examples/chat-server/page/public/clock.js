// The server's clock: a stream, for as long as the switch is on.

const clock = document.querySelector("#clock");
const toggle = document.querySelector("#clock-switch");
const EVERY_MS = 1_000;

let subscription;

export function toggleClock(hub, onError) {
  if (subscription) stopClock();
  else start(hub, onError);
}

export function stopClock() {
  subscription?.dispose();
  subscription = undefined;
  show(false);
}

function start(hub, onError) {
  clock.textContent = "";
  show(true);
  subscription = hub.clock(EVERY_MS, {
    next: ({ at }) => {
      clock.dateTime = new Date(at).toISOString();
      clock.textContent = new Date(at).toLocaleTimeString();
    },
    complete: stopClock,
    error: (error) => {
      stopClock();
      onError(error);
    },
  });
}

function show(on) {
  clock.hidden = !on;
  toggle.ariaPressed = String(on);
}
