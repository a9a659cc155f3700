"""The interop suite of `pysignalr`: python pysignalr_suite.py HUB_URL [--protocol messagepack] [--server aspnetcore31]"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from expected import (
    ARGUMENTS_ERROR,
    ASK_ERROR,
    CALLED_STREAM_ERROR,
    CRASH_ERROR,
    HUB_ERROR,
    LONG_TEXT,
    NO_RESULT_ERROR,
    PERSON,
    REFUSED_STREAM_ERROR,
    STREAM_ERROR,
    STREAMED_CALL_ERROR,
    TEXT,
    UNKNOWN_ERROR,
    equal,
)
from pysignalr.client import SignalRClient
from pysignalr.messages import CompletionMessage
from pysignalr.protocol.json import JSONProtocol
from pysignalr.protocol.messagepack import MessagepackProtocol
from runner import WAIT_SECONDS, Cannot, Check, Server, run_suite

# The client logs the errors that the checks provoke.
logging.getLogger("pysignalr").setLevel(logging.CRITICAL + 1)

PROTOCOLS = {"json": JSONProtocol, "messagepack": MessagepackProtocol}


async def within(what: str, waiting: Awaitable[Any]) -> Any:
    """What `waiting` gives, or an error that says what was waited for."""
    try:
        return await asyncio.wait_for(waiting, WAIT_SECONDS)
    except asyncio.TimeoutError:
        raise AssertionError(f"waited {WAIT_SECONDS} s for {what}") from None


class HubError(Exception):
    """The error text of a completion."""


class Connection:
    """One client, and what reached it."""

    def __init__(self, server: Server, user: str | None) -> None:
        self.id = ""
        self.inbox: asyncio.Queue[list[str]] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.client = SignalRClient(server.url_of(user), protocol=PROTOCOLS[server.protocol]())
        self._opened = asyncio.Event()
        self.client.on_open(self._on_open)
        self.client.on_close(self._on_close)
        # Every failed call is reported here too, and it is an error not to listen.
        self.client.on_error(self._on_error)
        self.client.on("Message", self.inbox.put)

    async def _on_open(self) -> None:
        self._opened.set()

    async def _on_close(self) -> None:
        self.closed.set()

    async def _on_error(self, message: CompletionMessage) -> None:
        pass

    async def start(self) -> None:
        self._running = asyncio.create_task(self.client.run())
        await within("the connection to open", self._opened.wait())
        self.id = await self.call("ConnectionId")

    async def stop(self) -> None:
        self._running.cancel()
        # Ends with the cancellation, or with the failed attempt to reconnect.
        await asyncio.wait([self._running], timeout=WAIT_SECONDS)
        if not self._running.cancelled():
            self._running.exception()

    async def call(self, method: str, *arguments: Any) -> Any:
        answered: asyncio.Future[CompletionMessage] = asyncio.get_running_loop().create_future()

        async def on_answer(message: CompletionMessage) -> None:
            answered.set_result(message)

        await self.client.send(method, list(arguments), on_answer)
        message = await within(method, answered)
        if message.error:
            raise HubError(message.error)
        return message.result

    async def error_of(self, method: str, *arguments: Any) -> str:
        try:
            result = await self.call(method, *arguments)
        except HubError as error:
            return str(error)
        raise AssertionError(f"{method} did not fail but answered {result!r}")

    async def collect(self, method: str, *arguments: Any) -> tuple[list[Any], str | None]:
        """Items of a result stream, and the text of its error if it ended with one."""
        items: list[Any] = []
        ended: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        async def on_next(item: Any) -> None:
            items.append(item)

        async def on_complete(message: CompletionMessage) -> None:
            ended.set_result(None)

        async def on_error(message: CompletionMessage) -> None:
            ended.set_result(message.error)

        await self.client.stream(method, list(arguments), on_next, on_complete, on_error)
        return items, await within(f"the end of {method}", ended)

    async def expect_message(self, sender: "Connection", text: str) -> None:
        """The next message must be this one: nothing else came before it."""
        equal(await within("a message", self.inbox.get()), [sender.id, text])

    async def expect_nothing_else(self, sender: "Connection") -> None:
        """Marks the end of what this connection may have got: the next message must be the marker."""
        await sender.call("SendToConnection", self.id, "marker")
        await self.expect_message(sender, "marker")


@contextlib.asynccontextmanager
async def opened(server: Server, users: tuple[str | None, ...]) -> AsyncIterator[list[Connection]]:
    connections: list[Connection] = []
    try:
        for user in users:
            connection = Connection(server, user)
            connections.append(connection)
            await connection.start()
        yield connections
    finally:
        for connection in connections:
            await connection.stop()


def with_users(
    *users: str | None, not_on: tuple[str, ...] = ()
) -> Callable[[Callable[..., Awaitable[None]]], Check]:
    """Makes a check of a function that takes an open connection of each of these users."""

    def make(function: Callable[..., Awaitable[None]]) -> Check:
        async def run(server: Server) -> None:
            async with opened(server, users) as connections:
                await function(*connections)

        return Check(lambda server: asyncio.run(run(server)), not_on)

    return make


def with_connections(count: int, not_on: tuple[str, ...] = ()) -> Callable[[Callable[..., Awaitable[None]]], Check]:
    """Makes a check of a function that takes `count` open connections."""
    return with_users(*[None] * count, not_on=not_on)


NO_CLIENT_RESULTS = ("aspnetcore31",)


@with_connections(2)
async def connect(a: Connection, b: Connection) -> None:
    assert a.id and b.id and a.id != b.id


@with_connections(1)
async def call_result(a: Connection) -> None:
    equal(await a.call("Echo", TEXT), TEXT)
    equal(await a.call("Echo", LONG_TEXT), LONG_TEXT)
    equal(await a.call("Add", 40, 2), 42)
    equal(await a.call("EchoPerson", PERSON), PERSON)


@with_connections(1)
async def call_void(a: Connection) -> None:
    equal(await a.call("Nothing"), None)


@with_connections(1)
async def call_case(a: Connection) -> None:
    equal(await a.call("eCHO", "found"), "found")


@with_connections(1)
async def error_hub(a: Connection) -> None:
    equal(await a.error_of("Fail", "no room"), HUB_ERROR)


@with_connections(1)
async def error_crash(a: Connection) -> None:
    equal(await a.error_of("Crash"), CRASH_ERROR)


@with_connections(1)
async def error_unknown(a: Connection) -> None:
    equal(await a.error_of("NoSuchMethod"), UNKNOWN_ERROR)


@with_connections(1)
async def error_arguments(a: Connection) -> None:
    equal(await a.error_of("Add", 1), ARGUMENTS_ERROR)
    equal(await a.error_of("Add", 1, "two"), ARGUMENTS_ERROR)


@with_connections(1)
async def error_call_kind(a: Connection) -> None:
    equal(await a.error_of("Counter", 1, 0), CALLED_STREAM_ERROR)
    equal(await a.collect("Echo", "x"), ([], STREAMED_CALL_ERROR))


@with_connections(1)
async def send(a: Connection) -> None:
    await a.client.send("Record", ["one"])
    await a.client.send("Fail", ["nobody hears this"])
    await a.client.send("NoSuchMethod", [])
    await a.client.send("Record", ["two"])
    await a.client.send("Record", ["three"])
    equal(await a.call("Recorded"), ["one", "two", "three"])


@with_connections(2)
async def send_to_all(a: Connection, b: Connection) -> None:
    await a.call("SendToAll", "all")
    await a.call("SendToOthers", "others")
    await a.call("SendToCaller", "caller")
    await a.call("SendToConnection", b.id, "connection")
    for text in ("all", "caller"):
        await a.expect_message(a, text)
    for text in ("all", "others", "connection"):
        await b.expect_message(a, text)
    await a.expect_nothing_else(a)
    await b.expect_nothing_else(a)


@with_connections(3)
async def group_send(a: Connection, b: Connection, outsider: Connection) -> None:
    await a.call("JoinGroup", "room")
    await b.call("JoinGroup", "room")
    await outsider.call("JoinGroup", "Room")
    await a.call("SendToGroup", "room", "hello")
    await a.expect_message(a, "hello")
    await b.expect_message(a, "hello")
    await outsider.call("SendToGroup", "room", "from outside")
    await a.expect_message(outsider, "from outside")
    await b.expect_message(outsider, "from outside")
    await outsider.expect_nothing_else(a)


@with_connections(3)
async def group_others(a: Connection, b: Connection, outsider: Connection) -> None:
    await a.call("JoinGroup", "room")
    await b.call("JoinGroup", "room")
    await a.call("SendToOthersInGroup", "room", "hello")
    await b.expect_message(a, "hello")
    for connection in (a, b, outsider):
        await connection.expect_nothing_else(a)


@with_connections(2)
async def group_leave(a: Connection, b: Connection) -> None:
    await a.call("JoinGroup", "room")
    await b.call("JoinGroup", "room")
    await a.call("SendToGroup", "room", "before")
    await b.expect_message(a, "before")
    await b.call("LeaveGroup", "room")
    await a.call("SendToGroup", "room", "after")
    await b.expect_nothing_else(a)
    await a.expect_message(a, "before")
    await a.expect_message(a, "after")


@with_users("ada", "ada", "Ada", None)
async def user_send(desk: Connection, phone: Connection, other: Connection, nobody: Connection) -> None:
    await nobody.call("SendToUser", "ada", "hello")
    await desk.expect_message(nobody, "hello")
    await phone.expect_message(nobody, "hello")
    await desk.call("SendToUser", "Ada", "hello, namesake")
    await other.expect_message(desk, "hello, namesake")
    await desk.call("SendToUser", "Bob", "nobody hears this")
    for connection in (desk, phone, other):
        await connection.expect_nothing_else(nobody)
    await nobody.expect_nothing_else(desk)


@with_connections(1)
async def stream_down(a: Connection) -> None:
    equal(await a.collect("Counter", 5, 1), ([0, 1, 2, 3, 4], None))
    equal(await a.collect("Counter", 0, 0), ([], None))
    equal(await a.collect("Counter", 500, 0), (list(range(500)), None))


@with_connections(1)
async def stream_down_error(a: Connection) -> None:
    equal(await a.collect("CounterThenFail", 2, "ran dry"), ([0, 1], STREAM_ERROR))


@with_connections(1)
async def stream_refused(a: Connection) -> None:
    equal(await a.collect("CounterUnless", 2, "was dry"), ([], REFUSED_STREAM_ERROR))
    equal(await a.collect("CounterUnless", 2, ""), ([0, 1], None))


@with_connections(1)
async def stream_up_items(a: Connection) -> None:
    texts = [f"line {i}" for i in range(30)]
    async with a.client.client_stream("RecordStream") as stream:
        for text in texts:
            await stream.send(text)

    async def recorded() -> None:
        while await a.call("Recorded") != texts:
            pass

    await within("every item to arrive", recorded())


@with_connections(1, NO_CLIENT_RESULTS)
async def client_result(a: Connection) -> None:
    async def confirm(arguments: list[str]) -> str:
        return f"{arguments[0]} yes"

    a.client.on("Confirm", confirm)
    equal(await a.call("AskCaller", "really?"), "really? yes")


@with_connections(1, NO_CLIENT_RESULTS)
async def client_result_error(a: Connection) -> None:
    async def confirm(arguments: list[str]) -> str:
        raise ValueError("not now")

    a.client.on("Confirm", confirm)
    equal(await a.error_of("AskCaller", "really?"), ASK_ERROR + "not now")


@with_connections(1, NO_CLIENT_RESULTS)
async def client_result_none(a: Connection) -> None:
    equal(await a.error_of("AskCaller", "really?"), NO_RESULT_ERROR)


@with_connections(1)
async def close(a: Connection) -> None:
    await a.client.send("CloseMe", [])
    await within("the close handler", a.closed.wait())


NO_UPLOAD_RESULT = Cannot("its uploads carry no invocation id, so the server sends no result")

CHECKS = {
    "connect": connect,
    "call-result": call_result,
    "call-void": call_void,
    "call-case": call_case,
    "error-hub": error_hub,
    "error-crash": error_crash,
    "error-unknown": error_unknown,
    "error-arguments": error_arguments,
    "error-call-kind": error_call_kind,
    "send": send,
    "send-to-all": send_to_all,
    "group-send": group_send,
    "group-others": group_others,
    "group-leave": group_leave,
    "user-send": user_send,
    "stream-down": stream_down,
    "stream-down-error": stream_down_error,
    "stream-refused": stream_refused,
    "stream-cancel": Cannot("it has no call that cancels a stream"),
    "stream-up-items": stream_up_items,
    "stream-up": NO_UPLOAD_RESULT,
    "stream-up-argument": Cannot("an upload is its call's only argument"),
    "stream-both": Cannot("a call with a result stream takes no upload"),
    "client-result": client_result,
    "client-result-error": client_result_error,
    "client-result-none": client_result_none,
    "close": close,
    "close-for-good": Cannot("it ignores Close and always tries to reconnect"),
    "stop": Cannot("it has no call that stops it; cancelling it runs no close handler"),
}

run_suite("pysignalr", [("websockets", protocol) for protocol in PROTOCOLS], lambda server: CHECKS)
