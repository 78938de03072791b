"""The course of a training: its batches, and how it goes: a bar on a terminal, lines in a log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_EVERY = 100  # steps between two lines
_INERTIA = 0.98  # of the loss that is shown
Batch = TypeVar("Batch")


def batches(make: Callable[[int], Batch], steps: int, first: int = 0) -> Iterator[Batch]:
    """What `make` gives for each step, in order; the next one is made in the background."""
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(make, first)
        for step in range(first, steps):
            ready = ahead.result()
            ahead = pool.submit(make, step + 1)
            yield ready


@contextmanager
def course(name: str, steps: int, first: int = 0) -> Iterator[Callable[[float], None]]:
    """What to call with the loss of each step; `first` steps were done before."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    shown, done = 0.0, first
    with Progress(*columns, refresh_per_second=0.5) as progress:
        task = progress.add_task(name, total=steps, completed=first)

        def step(loss: float) -> None:
            nonlocal shown, done
            shown = _INERTIA * shown + (1 - _INERTIA) * loss if shown else loss
            done += 1
            progress.update(task, advance=1, description=f"{name}  loss {shown:.3f}")
            if done % _EVERY == 0 and not progress.console.is_terminal:
                progress.console.print(f"{name} {done}/{steps}  loss {shown:.3f}")

        yield step
