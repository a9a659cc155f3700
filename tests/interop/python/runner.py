"""Runs the checks of a suite one after another and prints one line for each. Nothing here waits without a limit."""

import argparse
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

WAIT_SECONDS = 10
CHECK_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """Where the hub is, and which server it is: `this` or a name that the command line takes."""

    url: str
    name: str


@dataclass(frozen=True)
class Check:
    """A check, and the servers that have no such thing."""

    run: Callable[[Server], None]
    not_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cannot:
    """What the client has no way to do, and why."""

    reason: str


def _run_in_time(check: Check, server: Server) -> str | None:
    """The reason why the check failed, if it did."""
    outcome: list[str | None] = ["the check did not end in time"]

    def run() -> None:
        try:
            check.run(server)
            outcome[0] = None
        except Exception as error:  # whatever it is, it is this check's failure
            outcome[0] = f"{type(error).__name__}: {error}".replace("\n", " ")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(CHECK_SECONDS)
    return outcome[0]


def run_suite(suite: str, checks: Mapping[str, Check | Cannot]) -> None:
    """Runs the suite that the command line asks for, and ends the process."""
    parser = argparse.ArgumentParser(description=f"The interop suite of {suite}.")
    parser.add_argument("url", help="the URL of the hub, e.g. http://127.0.0.1:5000/hub")
    parser.add_argument("--server", default="this", help="aspnetcore31 leaves out what that server does not have")
    options = parser.parse_args()
    server = Server(options.url, options.server)

    failed = False
    for name, check in checks.items():
        if isinstance(check, Cannot):
            line = f"CANNOT {suite}/{name}: {check.reason}"
        elif server.name in check.not_on:
            line = f"OMIT {suite}/{name}: {server.name} has no such thing"
        elif (reason := _run_in_time(check, server)) is None:
            line = f"PASS {suite}/{name}"
        else:
            failed = True
            line = f"FAIL {suite}/{name}: {reason}"
        print(line, flush=True)
    # The clients leave threads behind that would keep the interpreter waiting.
    os._exit(1 if failed else 0)
