"""What both Python suites expect to read, letter for letter."""

TEXT = 'Grüße, 世界 🦀 "quoted" <&> \\ \u001f \n'
LONG_TEXT = "x" * 20_000
PERSON = {"name": "Ada", "age": 36, "tags": ["maths", "engines"]}

HUB_ERROR = "An unexpected error occurred invoking 'Fail' on the server. HubException: no room"
CRASH_ERROR = "An unexpected error occurred invoking 'Crash' on the server."
UNKNOWN_ERROR = "Failed to invoke 'NoSuchMethod' due to an error on the server. HubException: Method does not exist."
ARGUMENTS_ERROR = "Failed to invoke 'Add' due to an error on the server."
CALLED_STREAM_ERROR = "The client attempted to invoke the streaming 'Counter' method with a non-streaming invocation."
STREAMED_CALL_ERROR = "The client attempted to invoke the non-streaming 'Echo' method with a streaming invocation."
REFUSED_STREAM_ERROR = (
    "An unexpected error occurred invoking 'CounterUnless' on the server. HubException: was dry"
)
STREAM_ERROR = "An error occurred on the server while streaming results. HubException: ran dry"
ASK_ERROR = "An unexpected error occurred invoking 'AskCaller' on the server. HubException: "
NO_RESULT_ERROR = ASK_ERROR + "Client didn't provide a result."


def equal(actual: object, wanted: object) -> None:
    """Fails with both values if they differ."""
    if actual != wanted:
        raise AssertionError(f"got {actual!r}, expected {wanted!r}")
