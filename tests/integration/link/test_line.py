"""The poor line that benches and tests speak over is as poor as it says, and damages nothing."""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.bench.line import Line


class Echo:
    """A server that sends back what it gets."""

    def __init__(self) -> None:
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                end, _address = self.door.accept()
                threading.Thread(target=self._repeat, args=(end,), daemon=True).start()

    @staticmethod
    def _repeat(end: socket.socket) -> None:
        with contextlib.suppress(OSError), end:
            while data := end.recv(65536):
                end.sendall(data)


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.door.shutdown(socket.SHUT_RDWR)
    server.door.close()


def call(line: Line) -> socket.socket:
    end = socket.create_connection(("127.0.0.1", line.port), timeout=10)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return end


def answer(end: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        got += end.recv(size - len(got)) or pytest.fail("closed")
    return got


def test_bytes_come_whole_in_order_and_counted(echo: Echo) -> None:
    said = os.urandom(300_000)
    with Line(echo.port, delay=0.01) as line, call(line) as end:
        threading.Thread(target=end.sendall, args=(said,), daemon=True).start()
        assert answer(end, len(said)) == said
        assert (line.up.carried, line.down.carried) == (len(said), len(said))


def test_rate_and_delay_take_their_time(echo: Echo) -> None:
    with Line(echo.port, kbit=256, delay=0.1) as line, call(line) as end:
        began = time.monotonic()
        end.sendall(b"x" * 8000)
        answer(end, 8000)
        least = 8000 * 8 / 256_000 + 0.2
        assert time.monotonic() - began >= least


def test_a_stalled_line_carries_nothing_until_it_flows(echo: Echo) -> None:
    with Line(echo.port) as line, call(line) as end:
        end.sendall(b"1")
        assert answer(end, 1) == b"1"
        line.stall()
        end.sendall(b"2")
        end.settimeout(0.3)
        with pytest.raises(TimeoutError):
            end.recv(1)
        line.flow()
        end.settimeout(10)
        assert answer(end, 1) == b"2"


def test_a_cut_line_resets_and_a_closed_door_lets_nobody_in(echo: Echo) -> None:
    with Line(echo.port) as line, call(line) as end:
        end.sendall(b"1")
        answer(end, 1)
        line.close_door()
        with pytest.raises(ConnectionResetError):
            end.recv(1)
        with pytest.raises(OSError, match=r"reset|refused|closed"), call(line) as late:
            late.recv(1) or pytest.fail("closed without a reset")
        line.flow()
        with call(line) as again:
            again.sendall(b"2")
            assert answer(again, 1) == b"2"


def test_a_half_open_line_swallows_and_a_new_one_works(echo: Echo) -> None:
    with Line(echo.port) as line, call(line) as end:
        end.sendall(b"1")
        answer(end, 1)
        line.half_open()
        end.sendall(b"2" * 1000)
        end.settimeout(0.3)
        with pytest.raises(TimeoutError):
            end.recv(1)
        with call(line) as again:
            again.sendall(b"3")
            assert answer(again, 1) == b"3"
