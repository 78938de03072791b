"""The inbox: newest wins, cameras take turns."""

from threading import Thread

from edge_agent.vision.frame import Frame
from edge_agent.vision.inbox import Inbox
from tests.fakes.clock import FakeClock
from tests.unit.vision.pictures import scene

CLOCK = FakeClock()


def frame(camera: str) -> Frame:
    return Frame(camera, CLOCK.pass_time(0.2), scene(width=8, height=8))


def test_the_newest_frame_wins_and_the_older_ones_are_counted() -> None:
    inbox = Inbox()
    put = inbox.open("a")
    frames = [frame("a") for _ in range(4)]
    for one in frames:
        put(one)
    assert inbox.take(0) is frames[-1]
    assert inbox.take(0) is None
    assert inbox.dropped("a") == 3


def test_a_busy_camera_starves_nobody() -> None:
    inbox = Inbox()
    put = {name: inbox.open(name) for name in "abc"}
    served = []
    for _ in range(9):
        for name in "abc":
            put[name](frame(name))
        put["a"](frame("a"))
        taken = inbox.take(0)
        assert taken
        served.append(taken.camera)
    assert sorted(served) == sorted("abc" * 3)


def test_a_closed_camera_leaves_no_frame_behind_and_takes_none() -> None:
    inbox = Inbox()
    put = inbox.open("a")
    put(frame("a"))
    inbox.close("a")
    put(frame("a"))
    assert inbox.take(0) is None
    assert inbox.dropped("a") == 0


def test_who_held_a_former_place_cannot_fill_the_new_one() -> None:
    inbox = Inbox()
    former = inbox.open("a")
    inbox.open("a")
    former(frame("a"))
    assert inbox.take(0) is None


def test_waking_ends_the_wait() -> None:
    inbox = Inbox()
    thread = Thread(target=inbox.take, args=(60,))
    thread.start()
    inbox.wake()
    thread.join(5)
    assert not thread.is_alive()


def test_a_frame_ends_the_wait_of_the_inference_thread() -> None:
    inbox, taken = Inbox(), list[Frame | None]()
    put = inbox.open("a")
    thread = Thread(target=lambda: taken.append(inbox.take(60)))
    thread.start()
    one = frame("a")
    put(one)
    thread.join(5)
    assert taken == [one]


def test_it_is_crowded_while_a_frame_waits() -> None:
    inbox = Inbox()
    put = inbox.open("a")
    assert not inbox.crowded()
    put(frame("a"))
    assert inbox.crowded()
    inbox.take(0)
    assert not inbox.crowded()
