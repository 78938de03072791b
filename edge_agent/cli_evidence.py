"""The commands about proof: export and verify; registered by `cli`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from edge_agent.app.layout import Layout
from edge_agent.cli_told import ConfigPath, err, told
from edge_agent.config.loader import load
from edge_agent.core.moment import parse_moment
from edge_agent.core.trouble import Trouble
from edge_agent.recording.evidence.export import Archive, Request, Taken
from edge_agent.recording.evidence.export import export as take_out
from edge_agent.recording.evidence.keeper import ManifestKeeper, Place
from edge_agent.recording.evidence.verify import bytes_below, key_for, verify_recordings
from edge_agent.recording.evidence.verify_export import is_export, verify_export
from edge_agent.runtime.clock import SystemClock
from edge_agent.store.evidence import Evidence, Finding
from edge_agent.store.recordings import Recordings

_WHEN = "'2021-07-28 14:32' (giờ cơ sở / site time), ISO + zone, -5m"


@told
def export(
    camera: Annotated[str, typer.Option(help="mã camera / camera id")],
    start: Annotated[str, typer.Option("--from", help=_WHEN)],
    end: Annotated[str, typer.Option("--to", help=_WHEN)],
    output: Annotated[Path, typer.Option(help="thư mục mới / a new folder")],
    reason: Annotated[str, typer.Option(help="lý do / why")],
    who: Annotated[str, typer.Option(help="người trích xuất / who takes it out")],
    config: ConfigPath = Path("site.yaml"),
) -> None:
    """Take footage out as evidence: original files, one film, signed proof, a record of it."""
    settings = load(config)
    layout, clock = Layout.of(settings), SystemClock()
    zone, now = ZoneInfo(settings.site.timezone), clock.now().wall
    span = parse_moment(start, now, zone), parse_moment(end, now, zone)
    request = Request(camera, *span, output, who, reason)
    place = Place(layout.recordings, layout.state, settings.site.id)
    with _archive(place, layout.recordings_index) as archive, _bar("export", 0) as passed:
        taken = take_out(request, archive, zone, clock, passed)
    _say(taken, output)


@told
def verify(
    path: Annotated[Path, typer.Argument(help="bản ghi, ngày, bản trích xuất / what to verify")],
    key: Annotated[Path | None, typer.Option(help="device-public.pem")] = None,
) -> None:
    """Prove that nothing was changed, taken out or put in; say which second if it was."""
    if not path.is_dir():
        raise Trouble("verify.nothing", f"Không có thư mục {path}.", f"There is no folder {path}.")
    public = key_for(path, key)
    check = verify_export if is_export(path) else verify_recordings
    with _bar("verify", bytes_below(path)) as passed:
        report = check(path, public, passed)
    for flaw in report.flaws:
        typer.echo(f"SAI / WRONG: {flaw.vi}\n  {flaw.en}")
    typer.echo(
        f"{report.days} ngày/days, {report.files} tệp/files, {report.bytes / 1e6:.1f} MB; "
        f"chưa ký/not signed yet: {report.pending}; khóa/key: {report.fingerprint or '–'}"
    )
    if report.flaws:
        raise typer.Exit(1)
    typer.echo("ĐÚNG: không có gì bị sửa. / RIGHT: nothing was changed.")


@contextmanager
def _archive(place: Place, index: Path) -> Iterator[Archive]:
    if not index.is_file():
        raise Trouble(
            "export.wrong",
            f"Không có {index}: cơ sở này chưa ghi hình lần nào.",
            f"{index} is not there: this site has never recorded.",
        )
    recordings, evidence = Recordings(index), Evidence(index)
    try:
        keeper = ManifestKeeper(place, evidence, recordings, SystemClock(), _noting(evidence))
        yield Archive(place, recordings, evidence, keeper)
    finally:
        evidence.close()
        recordings.close()


def _noting(evidence: Evidence) -> Callable[[Finding], None]:
    def note(finding: Finding) -> None:
        evidence.add_finding(finding)

    return note


@contextmanager
def _bar(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr; nothing where nobody looks."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    off = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=off) as bar:
        task = bar.add_task(name, total=total or None)
        yield lambda count: bar.advance(task, count)


def _say(taken: Taken, output: Path) -> None:
    typer.echo(f"{output}: {len(taken.segments)} tệp gốc / original files, {taken.id}")
    typer.echo(f"khóa / key: {taken.fingerprint}")
    for vi, en in taken.warnings:
        err.print(f"{vi}\n  {en}", markup=False)
    if taken.warnings:
        raise typer.Exit(1)
