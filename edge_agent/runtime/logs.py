"""Logs to stdout: one canonical line per unit of work; JSON, or a console form on a terminal.

Event names are dotted nouns (`segment.closed`), values are keys, secrets are filtered out of every
value whatever its depth. A line that cannot be written (disk full, pipe closed) is lost and
counted; a log line never stops the work that it tells about.
"""

from __future__ import annotations

import html
import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterable, MutableMapping
from types import TracebackType
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

import structlog

_USERINFO = re.compile(r"(?<=://)(?:[^/@\s]+|[^@\s]*:[^@\s]*)@")
_SECRETS: list[str] = []  # longest first, replaced as a whole: read by every thread
_PLAIN = (bool, int, float, type(None))

log: structlog.stdlib.BoundLogger = structlog.get_logger("edge_agent")


def hide(secrets: Iterable[str]) -> None:
    """From now on these texts appear in no log line, nor as URLs, JSON or XML spell them."""
    spellings = {
        spelling
        for secret in secrets
        if secret
        for spelling in (
            secret,
            quote(secret),
            quote(secret, safe=""),
            quote_plus(secret),
            html.escape(secret),
            json.dumps(secret)[1:-1],
            repr(secret)[1:-1],
        )
    }
    _SECRETS[:] = sorted(spellings.union(_SECRETS), key=len, reverse=True)


def scrub(value: Any) -> Any:
    """The value with every known secret, and every `user:password@` of a URL, replaced by ***.

    Values that are neither text, number nor collection become their text.
    """
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, dict):
        return {scrub(str(key)): scrub(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [scrub(item) for item in value]
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    clean = _USERINFO.sub("***@", text)
    for secret in _SECRETS:
        clean = clean.replace(secret, "***")
    return clean


def _scrub_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    return {key: scrub(value) for key, value in event.items()}


class Unbreakable:
    """A stream to write lines to that never raises; `lost` counts what could not be written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.lost = 0

    def write(self, text: str) -> int:
        """Write, or count the loss."""
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            self.lost += 1
            return 0

    def flush(self) -> None:
        """Flush, or count the loss."""
        try:
            self._stream.flush()
        except (OSError, ValueError):
            self.lost += 1


class _Libraries(logging.Handler):
    """What libraries say through the standard `logging`, as our own lines, scrubbed."""

    def emit(self, record: logging.LogRecord) -> None:
        said = {"library": record.name, "text": record.getMessage(), "exc_info": record.exc_info}
        method = log.error if record.levelno >= logging.ERROR else log.warning
        method("library.said", **{key: value for key, value in said.items() if value})


def configure(form: str = "auto", level: str = "info") -> None:
    """Set up stdout for this process; `form` is auto, json or console.

    What libraries say at warning or above comes along. Call `guard` as well in a program.
    """
    console = form == "console" or (form == "auto" and sys.stdout.isatty())
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    stream: Any = Unbreakable(sys.stdout)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _scrub_event,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # one write a line: recorder, agent and vision may share one file, and lines must not mix
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [one for one in root.handlers if not isinstance(one, _Libraries)]
    root.addHandler(_Libraries(logging.WARNING))
    logging.captureWarnings(capture=True)


def guard() -> None:
    """From now on an exception that nobody caught is a log line, scrubbed, on every thread."""
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.error("program.failed", error=str(error), exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread else "?"
    error = args.exc_value or args.exc_type()
    trace = (args.exc_type, error, args.exc_traceback)
    log.error("thread.failed", thread=name, error=str(error), exc_info=trace)
