"""What each camera of a site will show, and the making of it: clips in parallel, ground truth."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Lock

from edge_agent.sim.clip import Clip, ClipForm, Picture, Progress
from edge_agent.sim.clip_cache import make_clip
from edge_agent.sim.footage import (
    scene_key,
    scene_pictures,
    scene_truth,
    video_form,
    video_key,
    video_pictures,
)
from edge_agent.sim.site_files import DISTANCING_SECONDS
from edge_agent.sim.stories import scenario_for
from edge_agent.sim.truth import Expected, write_truth


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """What one camera shows: its form, a name for its clip in the cache, and how to make it."""

    number: int
    form: ClipForm
    make: Callable[[Path, Progress, Event], Clip]


def clip_plan(number: int, seed: int, videos: Sequence[Path], form: ClipForm) -> ClipPlan:
    """The plan of camera `number`: the user's videos in turn, else its story.

    Raises Trouble for a file that is no video.
    """
    if videos:
        path = videos[(number - 1) % len(videos)]
        own = video_form(path, form)
        source = partial(video_pictures, path, own)
        return ClipPlan(number, own, _maker(video_key(path, own), own, source))
    scenario = scenario_for(number, seed)
    source = partial(scene_pictures, scenario, seed, form)
    return ClipPlan(number, form, _maker(scene_key(scenario, seed, form), form, source))


def _maker(
    key: str, form: ClipForm, source: Callable[[], Iterator[Picture]]
) -> Callable[[Path, Progress, Event], Clip]:
    return lambda cache, progress, stop: make_clip(cache, key, form, source, progress, stop)


def make_all(plans: Sequence[ClipPlan], cache: Path, progress: Progress, stop: Event) -> list[Clip]:
    """Every camera's clip, as many at a time as there are cores; the first trouble ends all."""
    lock, done = Lock(), [0] * len(plans)
    total = sum(plan.form.frames for plan in plans)

    def tell(place: int, ready: int, _of: int) -> None:
        with lock:
            done[place] = ready
            progress(sum(done), total)

    with ThreadPoolExecutor(max_workers=min(len(plans), os.cpu_count() or 1)) as pool:
        jobs = [
            pool.submit(plan.make, cache, partial(tell, place), stop)
            for place, plan in enumerate(plans)
        ]
        finished, _ = wait(jobs, return_when=FIRST_EXCEPTION)
        if any(job.exception() for job in finished):
            stop.set()
            for job in jobs:
                job.cancel()
        for job in finished:
            job.result()
        return [job.result() for job in jobs]


def write_site_truth(
    folder: Path, plans: Sequence[ClipPlan], seed: int, own_clips: bool
) -> tuple[Expected, ...] | None:
    """Write the ground truth of all cameras, replacing an older one; None for own clips."""
    for stale in (*folder.glob("truth-*.jsonl"), folder / "truth.json"):
        stale.unlink(missing_ok=True)
    if own_clips:
        return None
    cameras = [
        (f"cam-{plan.number}", partial(scene_truth, scenario_for(plan.number, seed), plan.form))
        for plan in plans
    ]
    seconds = plans[0].form.seconds
    return tuple(write_truth(folder, cameras, seconds, float(DISTANCING_SECONDS)))
