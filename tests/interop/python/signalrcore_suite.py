"""The interop suite of `signalrcore`:
python signalrcore_suite.py HUB_URL [--transport NAME] [--protocol messagepack] [--server aspnetcore31]
"""

import logging
import queue
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, wait
from concurrent.futures import TimeoutError as NotInTime
from typing import Any

from expected import (
    ARGUMENTS_ERROR,
    CALLED_STREAM_ERROR,
    CRASH_ERROR,
    HUB_ERROR,
    LONG_TEXT,
    PERSON,
    REFUSED_STREAM_ERROR,
    STREAM_ERROR,
    STREAMED_CALL_ERROR,
    TEXT,
    UNKNOWN_ERROR,
    equal,
)
from runner import WAIT_SECONDS, Cannot, Check, Server, run_suite
from signalrcore.hub_connection_builder import HubConnectionBuilder
from signalrcore.messages.completion_message import CompletionMessage
from signalrcore.protocol.json_hub_protocol import JsonHubProtocol
from signalrcore.subject import Subject
from signalrcore.types import HttpTransportType, HubProtocolEncoding

# The client logs the errors that the checks provoke.
logging.getLogger("SignalRCoreClient").setLevel(logging.CRITICAL + 1)

TRANSPORTS = {
    "websockets": HttpTransportType.web_sockets,
    "server-sent-events": HttpTransportType.server_sent_events,
    "long-polling": HttpTransportType.long_polling,
}
PROTOCOLS = {"json": HubProtocolEncoding.text, "messagepack": HubProtocolEncoding.binary}
# Over long polling it never uses its MessagePack client.
WAYS = [(transport, "json") for transport in TRANSPORTS] + [("websockets", "messagepack")]


def within(what: str, waiting: Future) -> Any:
    """What `waiting` gives, or an error that says what was waited for."""
    try:
        return waiting.result(WAIT_SECONDS)
    except NotInTime:
        raise AssertionError(f"waited {WAIT_SECONDS} s for {what}") from None


class HubError(Exception):
    """The error text of a completion."""


class Connection:
    """One client, and what reached it."""

    def __init__(self, server: Server, user: str | None) -> None:
        self.id = ""
        self.inbox: queue.Queue[list[str]] = queue.Queue()
        self.opened: Future = Future()
        self.closed: Future = Future()
        self._failing: dict[str, Callable[[str], None]] = {}
        builder = HubConnectionBuilder().with_url(server.url_of(user), {"transport": TRANSPORTS[server.transport]})
        builder.with_hub_protocol(PROTOCOLS[server.protocol])
        if server.name == "aspnetcore31":
            # By itself it asks for version 0 of the protocol, which a server of that age refuses.
            builder.with_hub_protocol(JsonHubProtocol(version=1))
        self.client = builder.build()
        self.client.on_open(lambda: self.opened.set_result(None))
        self.client.on_close(lambda: self.closed.done() or self.closed.set_result(None))
        # The only place where the client reports errors, of calls and of streams.
        self.client.on_error(self._on_error)
        self.client.on("Message", self.inbox.put)

    def _on_error(self, message: CompletionMessage) -> None:
        self._failing.pop(message.invocation_id)(message.error)

    def start(self) -> None:
        self.client.start()
        within("the connection to open", self.opened)
        self.id = self.call("ConnectionId")

    def stop(self) -> None:
        if not self.opened.done() or self.closed.done():
            return
        # `stop` waits for the reading thread, which waits for the server's next frame. On that thread it does not wait.
        self.client.invoke("ConnectionId", [], lambda _: self.client.stop())
        # Not a check: one that failed must keep its own reason.
        wait([self.closed], WAIT_SECONDS)

    def call(self, method: str, *arguments: Any) -> Any:
        answered: Future = Future()
        # Known before the call is sent: the answer can come before `invoke` returns.
        invocation_id = str(uuid.uuid4())
        self._failing[invocation_id] = lambda text: answered.set_exception(HubError(text))
        self.client.invoke(
            method,
            list(arguments),
            lambda message: answered.set_result(message.result),
            invocation_id,
        )
        return within(method, answered)

    def ask_until(self, wanted: Any, method: str, *arguments: Any) -> None:
        """Asks again until the answer is the wanted one: for what the server does after it has answered."""
        give_up = time.monotonic() + WAIT_SECONDS
        while (answer := self.call(method, *arguments)) != wanted and time.monotonic() < give_up:
            pass
        equal(answer, wanted)

    def error_of(self, method: str, *arguments: Any) -> str:
        try:
            result = self.call(method, *arguments)
        except HubError as error:
            return str(error)
        raise AssertionError(f"{method} did not fail but answered {result!r}")

    def collect(self, method: str, *arguments: Any) -> tuple[list[Any], str | None]:
        """Items of a result stream, and the text of its error if it ended with one."""
        items: list[Any] = []
        ended: Future = Future()

        def begin(_: CompletionMessage) -> None:
            stream = self.client.stream(method, list(arguments))
            self._failing[stream.invocation_id] = ended.set_result
            stream.subscribe(
                {
                    "next": items.append,
                    "complete": lambda _: ended.set_result(None),
                    "error": lambda _: None,
                }
            )

        # `stream` sends before one can subscribe. On the client's own reading thread no item can come in between.
        self.client.invoke("ConnectionId", [], begin)
        error = within(f"the end of {method}", ended)
        return items, error

    def expect_message(self, sender: "Connection", text: str) -> None:
        """The next message must be this one: nothing else came before it."""
        try:
            message = self.inbox.get(timeout=WAIT_SECONDS)
        except queue.Empty:
            raise AssertionError(f"waited {WAIT_SECONDS} s for the message {text!r}") from None
        equal(message, [sender.id, text])

    def expect_nothing_else(self, sender: "Connection") -> None:
        """Marks the end of what this connection may have got: the next message must be the marker."""
        sender.call("SendToConnection", self.id, "marker")
        self.expect_message(sender, "marker")


def with_users(*users: str | None) -> Callable[[Callable[..., None]], Check]:
    """Makes a check of a function that takes an open connection of each of these users."""

    def make(function: Callable[..., None]) -> Check:
        def run(server: Server) -> None:
            connections: list[Connection] = []
            try:
                for user in users:
                    connection = Connection(server, user)
                    connections.append(connection)
                    connection.start()
                function(*connections)
            finally:
                for connection in connections:
                    connection.stop()

        return Check(run)

    return make


def with_connections(count: int) -> Callable[[Callable[..., None]], Check]:
    """Makes a check of a function that takes `count` open connections."""
    return with_users(*[None] * count)


@with_connections(2)
def connect(a: Connection, b: Connection) -> None:
    assert a.id and b.id and a.id != b.id


@with_connections(1)
def call_result(a: Connection) -> None:
    equal(a.call("Echo", TEXT), TEXT)
    equal(a.call("Echo", LONG_TEXT), LONG_TEXT)
    equal(a.call("Add", 40, 2), 42)
    equal(a.call("EchoPerson", PERSON), PERSON)


@with_connections(1)
def call_void(a: Connection) -> None:
    equal(a.call("Nothing"), None)


@with_connections(1)
def call_case(a: Connection) -> None:
    equal(a.call("eCHO", "found"), "found")


@with_connections(1)
def error_hub(a: Connection) -> None:
    equal(a.error_of("Fail", "no room"), HUB_ERROR)


@with_connections(1)
def error_crash(a: Connection) -> None:
    equal(a.error_of("Crash"), CRASH_ERROR)


@with_connections(1)
def error_unknown(a: Connection) -> None:
    equal(a.error_of("NoSuchMethod"), UNKNOWN_ERROR)


@with_connections(1)
def error_arguments(a: Connection) -> None:
    equal(a.error_of("Add", 1), ARGUMENTS_ERROR)
    equal(a.error_of("Add", 1, "two"), ARGUMENTS_ERROR)


@with_connections(1)
def error_call_kind(a: Connection) -> None:
    equal(a.error_of("Counter", 1, 0), CALLED_STREAM_ERROR)
    equal(a.collect("Echo", "x"), ([], STREAMED_CALL_ERROR))


@with_connections(2)
def send_to_all(a: Connection, b: Connection) -> None:
    a.call("SendToAll", "all")
    a.call("SendToOthers", "others")
    a.call("SendToCaller", "caller")
    a.call("SendToConnection", b.id, "connection")
    for text in ("all", "caller"):
        a.expect_message(a, text)
    for text in ("all", "others", "connection"):
        b.expect_message(a, text)
    a.expect_nothing_else(a)
    b.expect_nothing_else(a)


def join_room(members: tuple[Connection, ...], outsider: Connection) -> None:
    for member in members:
        member.call("JoinGroup", "room")
    outsider.call("JoinGroup", "Room")


def reach_room(sender: Connection, members: tuple[Connection, ...], text: str) -> None:
    sender.call("SendToGroup", "room", text)
    for member in members:
        member.expect_message(sender, text)


@with_connections(3)
def group_send(a: Connection, b: Connection, outsider: Connection) -> None:
    join_room((a, b), outsider)
    reach_room(a, (a, b), "hello")
    reach_room(outsider, (a, b), "from outside")
    outsider.expect_nothing_else(a)


@with_connections(3)
def group_send_from_outside(a: Connection, b: Connection, outsider: Connection) -> None:
    join_room((a, b), outsider)
    reach_room(outsider, (a, b), "from outside")
    outsider.expect_nothing_else(a)


@with_connections(3)
def group_others(a: Connection, b: Connection, outsider: Connection) -> None:
    join_room((a, b), outsider)
    a.call("SendToOthersInGroup", "room", "hello")
    b.expect_message(a, "hello")
    a.expect_nothing_else(b)
    b.expect_nothing_else(a)
    outsider.expect_nothing_else(a)


@with_connections(3)
def group_leave(a: Connection, b: Connection, outsider: Connection) -> None:
    join_room((a, b), outsider)
    reach_room(outsider, (a, b), "before")
    b.call("LeaveGroup", "room")
    reach_room(outsider, (a,), "after")
    b.expect_nothing_else(a)


@with_users("ada", "ada", "Ada", None)
def user_send(desk: Connection, phone: Connection, other: Connection, nobody: Connection) -> None:
    nobody.call("SendToUser", "ada", "hello")
    desk.expect_message(nobody, "hello")
    phone.expect_message(nobody, "hello")
    desk.call("SendToUser", "Ada", "hello, namesake")
    other.expect_message(desk, "hello, namesake")
    desk.call("SendToUser", "Bob", "nobody hears this")
    for connection in (desk, phone, other):
        connection.expect_nothing_else(nobody)
    nobody.expect_nothing_else(desk)


@with_connections(1)
def stream_down(a: Connection) -> None:
    equal(a.collect("Counter", 5, 1), ([0, 1, 2, 3, 4], None))
    equal(a.collect("Counter", 0, 0), ([], None))
    equal(a.collect("Counter", 500, 0), (list(range(500)), None))


@with_connections(1)
def stream_down_error(a: Connection) -> None:
    equal(a.collect("CounterThenFail", 2, "ran dry"), ([0, 1], STREAM_ERROR))


@with_connections(1)
def stream_refused(a: Connection) -> None:
    equal(a.collect("CounterUnless", 2, "was dry"), ([], REFUSED_STREAM_ERROR))
    equal(a.collect("CounterUnless", 2, ""), ([0, 1], None))


@with_connections(1)
def stream_up_items(a: Connection) -> None:
    texts = [f"line {i}" for i in range(30)]
    subject = Subject()
    a.client.invoke("RecordStream", subject)
    for text in texts:
        subject.next(text)
    subject.complete()
    a.ask_until(texts, "Recorded")


@with_connections(1)
def close(a: Connection) -> None:
    a.client.invoke("CloseMe", [], lambda _: None)
    within("the close handler", a.closed)


@with_connections(2)
def stop(a: Connection, b: Connection) -> None:
    equal(b.call("IsConnected", a.id), True)
    a.stop()
    within("the close handler", a.closed)
    b.ask_until(False, "IsConnected", a.id)


# Servers that send no Close message for `Context.Abort()`.
NO_CLOSE_MESSAGE = ("aspnetcore31",)
NO_CLIENT_RESULT = Cannot("it sends no answer to a call of the server that wants one")

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
    "send": Cannot("every call carries an invocation id and is answered"),
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
    "stream-up": Cannot("its uploads carry no invocation id, so the server sends no result"),
    "stream-up-argument": Cannot("an upload is its call's only argument"),
    "stream-both": Cannot("a call with a result stream takes no upload"),
    "client-result": NO_CLIENT_RESULT,
    "client-result-error": NO_CLIENT_RESULT,
    "client-result-none": NO_CLIENT_RESULT,
    "close": close,
    "close-for-good": Cannot("with reconnecting on it reconnects after any Close"),
    "stop": stop,
}

MALFORMED_UPLOAD = Cannot("its uploads have neither the item for the invocation id nor the kind of a result")
ONE_MESSAGE_PER_POLL = Cannot("of what one poll answers it takes one message; the others wait for answers to later polls")


def checks(server: Server) -> dict[str, Check | Cannot]:
    if server.protocol == "messagepack":
        return CHECKS | {"stream-up-items": MALFORMED_UPLOAD}
    if server.transport == "long-polling":
        return CHECKS | {
            "send-to-all": ONE_MESSAGE_PER_POLL,
            "group-send": group_send_from_outside,
            "stream-down": ONE_MESSAGE_PER_POLL,
            "stream-down-error": ONE_MESSAGE_PER_POLL,
            "stream-refused": ONE_MESSAGE_PER_POLL,
            # Without a Close message it goes on polling.
            "close": Check(close.run, NO_CLOSE_MESSAGE),
        }
    return CHECKS


run_suite("signalrcore", WAYS, checks)
