"""Runs the checks of a suite one after another and prints one line for each. Nothing here waits without a limit."""

import argparse
import os
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

WAIT_SECONDS = 10
CHECK_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """Where the hub is, which server it is (`this` or a name that the command line takes), and how to talk to it."""

    url: str
    name: str
    transport: str
    protocol: str

    def url_of(self, user: str | None) -> str:
        """The URL that this user calls."""
        return self.url if user is None else f"{self.url}?user={user}"


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


def run_suite(
    client: str, ways: Collection[tuple[str, str]], checks: Callable[[Server], Mapping[str, Check | Cannot]]
) -> None:
    """Runs the suite that the command line asks for, and ends the process.

    `ways` are the pairs of transport and protocol that the client has.
    """
    parser = argparse.ArgumentParser(description=f"The interop suite of {client}.")
    parser.add_argument("url", help="the URL of the hub, e.g. http://127.0.0.1:5000/hub")
    parser.add_argument("--server", default="this", help="aspnetcore31 leaves out what that server does not have")
    parser.add_argument("--transport", default="websockets", choices=sorted({transport for transport, _ in ways}))
    parser.add_argument("--protocol", default="json", choices=sorted({protocol for _, protocol in ways}))
    options = parser.parse_args()
    if (options.transport, options.protocol) not in ways:
        parser.error(f"{client} has no {options.protocol} over {options.transport}")
    server = Server(options.url, options.server, options.transport, options.protocol)
    suite = f"{client}-{server.transport}" + ("-messagepack" if server.protocol == "messagepack" else "")

    failed = False
    for name, check in checks(server).items():
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
