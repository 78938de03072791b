"""Footage taken out as evidence: the original files, one film, the proof, and a record of it."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from edge_agent.core.time import iso
from edge_agent.recording.evidence.bundle import SEGMENTS, Bundle, Copied
from edge_agent.recording.evidence.export_words import (
    empty,
    failed,
    told_missing,
    wrong,
)
from edge_agent.recording.evidence.keeper import ManifestKeeper, Place
from edge_agent.recording.evidence.record import CHECK, README, RECORD, check_script, readme, record
from edge_agent.recording.films import join_span
from edge_agent.recording.span import Span, plan
from edge_agent.runtime.clock import Clock
from edge_agent.runtime.logs import log
from edge_agent.store.evidence import Evidence, Export
from edge_agent.store.recordings import Recordings

FORMAT = "edge-agent-export/1"
_SPARE = 20_000_000  # bytes that stay free on the disk of the output
_VIDEO = "video.mp4"


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for: footage of [start, end), where to, who asks and why."""

    camera: str
    start: datetime
    end: datetime
    output: Path
    who: str
    why: str


@dataclass(slots=True)
class Taken:
    """What an export holds. `warnings` are pairs (Vietnamese, English) that nobody may overlook."""

    id: str
    moment: datetime
    request: Request
    span: Span
    zone: tzinfo
    fingerprint: str
    segments: list[Copied] = field(default_factory=list)
    videos: list[Copied] = field(default_factory=list)
    manifests: list[str] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Archive:
    """Where footage and its proof are kept."""

    place: Place
    recordings: Recordings
    evidence: Evidence
    keeper: ManifestKeeper


def export(
    request: Request,
    archive: Archive,
    zone: tzinfo,
    clock: Clock,
    passed: Callable[[int], None],
) -> Taken:
    """Take footage out; `passed` hears the bytes as they are copied.

    Raises Trouble `export.*`: wrong request, unknown camera, nothing in the span, existing output,
    no room. Nothing half-made stays, and an attempt that began is in the audit with what came of
    it.
    """
    span = _span(request, archive)
    output = request.output.absolute()
    _look_at_output(output, archive.place.root, span)
    archive.keeper.sign_due()
    key = archive.keeper.key()
    moment = clock.now().wall
    name = f"{request.camera}_{moment:%Y%m%dT%H%M%SZ}_{secrets.token_hex(3)}"
    taken = Taken(name, moment, request, span, zone, key.public.fingerprint)
    row = _audit(taken, output)
    archive.evidence.write_export(row)
    bundle = Bundle(output.with_name(f".{output.name}.making-{name[-6:]}"), key)
    try:
        _fill(bundle, taken, archive, passed)
        bundle.seal(_about(taken, archive.place.site), output)
    except OSError as error:
        archive.evidence.write_export(replace(row, outcome=error.strerror or "failed"))
        raise failed(output, error) from error
    finally:
        bundle.abandon()
    size = sum(one.size for one in bundle.files)
    archive.evidence.write_export(replace(row, outcome="done", files=len(bundle.files), bytes=size))
    log.info(
        "export.done", id=name, camera=request.camera, files=len(bundle.files), size=size,
        warnings=len(taken.warnings),
    )  # fmt: skip
    return taken


def _span(request: Request, archive: Archive) -> Span:
    """Files and holes of what is asked for. Raises Trouble when there is no file."""
    if not request.who.strip() or not request.why.strip():
        raise wrong("thiếu --who hoặc --reason", "--who or --reason is empty")
    if request.start >= request.end:
        raise wrong("--from phải trước --to", "--from has to be before --to")
    recordings = archive.recordings
    known = sorted({*recordings.totals(), *(one.camera for one in recordings.statuses())})
    if request.camera not in known:
        there = ", ".join(known) or "–"
        raise wrong(
            f"không có camera '{request.camera}'; có: {there}",
            f"there is no camera '{request.camera}'; there are: {there}",
        )
    asked = request.camera, request.start, request.end
    span = plan(*asked, recordings.segments(*asked), recordings.gaps(*asked))
    if not span.files:
        raise empty(span)
    return span


def _look_at_output(output: Path, root: Path, span: Span) -> None:
    if output.exists() or output.is_symlink():
        raise wrong(f"{output} đã có; chọn tên khác", f"{output} exists; choose another name")
    if not output.parent.is_dir():
        raise wrong(f"không có thư mục {output.parent}", f"there is no folder {output.parent}")
    if root.resolve() in output.resolve().parents:
        raise wrong(
            "không trích xuất vào thư mục bản ghi", "do not export into the recordings folder"
        )
    needed = 2 * sum(one.segment.size for one in span.files) + _SPARE
    if shutil.disk_usage(output.parent).free < needed:
        error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise failed(output, error, needed)


def _fill(bundle: Bundle, taken: Taken, archive: Archive, passed: Callable[[int], None]) -> None:
    bundle.making.mkdir(mode=0o750)
    _copy_segments(bundle, taken, archive, passed)
    _copy_manifests(bundle, taken, archive)
    joined = join_span(taken.span, bundle.making / SEGMENTS, bundle.making / _VIDEO)
    taken.videos += [bundle.adopt(part.path.name) for part in joined.parts]
    for path, why in joined.unreadable:
        taken.warnings.append(
            (
                f"{path.name}: không ghép được vào phim ({why})",
                f"{path.name}: not in the film ({why})",
            )
        )
    bundle.put(RECORD, record(taken, archive.place.site).encode())
    bundle.put(README, readme(taken).encode())
    bundle.put(CHECK, check_script().encode(), 0o750)


def _copy_segments(
    bundle: Bundle, taken: Taken, archive: Archive, passed: Callable[[int], None]
) -> None:
    for one in taken.span.files:
        segment = one.segment
        try:
            copied = bundle.copy(
                archive.place.root / segment.path, f"{SEGMENTS}/{segment.path}", passed
            )
        except FileNotFoundError:
            taken.warnings.append(told_missing(segment.path))
            continue
        taken.segments.append(copied)
        if segment.sha256 and copied.sha256 != segment.sha256:
            taken.warnings.append(
                (
                    f"{segment.path}: mã băm KHÔNG KHỚP với lúc ghi ({segment.sha256})",
                    f"{segment.path}: the hash DIFFERS from the recorded one ({segment.sha256})",
                )
            )
    if not taken.segments:
        raise FileNotFoundError(errno.ENOENT, "every file of this span is gone from the disk")


def _copy_manifests(bundle: Bundle, taken: Taken, archive: Archive) -> None:
    """The signed manifests of the days that were touched; a file that none names is said."""
    for day in sorted({one.segment.path.rpartition("/")[0] for one in taken.span.files}):
        if bundle.copy_day(archive.place.root / day, f"{SEGMENTS}/{day}"):
            taken.manifests.append(f"{SEGMENTS}/{day}/manifest.json")
        else:
            taken.warnings.append(
                (f"{day}: chưa có bản kê đã ký", f"{day}: there is no signed manifest yet")
            )
    for one in taken.span.files:
        if not one.segment.sha256:
            taken.warnings.append(
                (
                    f"{one.segment.path}: chưa được băm, chưa có trong bản kê đã ký",
                    f"{one.segment.path}: not hashed yet, not in the signed manifest",
                )
            )


def _audit(taken: Taken, output: Path) -> Export:
    request = taken.request
    return Export(
        taken.id,
        taken.moment,
        request.camera,
        request.start,
        request.end,
        request.who,
        request.why,
        str(output),
    )


def _about(taken: Taken, site: str) -> dict[str, Any]:
    request, span = taken.request, taken.span
    return {
        "format": FORMAT,
        "id": taken.id,
        "site": site,
        "camera": request.camera,
        "from": iso(request.start),
        "to": iso(request.end),
        "who": request.who,
        "why": request.why,
        "when": iso(taken.moment),
        "seconds": {"recorded": round(span.recorded, 3), "lost": round(span.lost, 3)},
        "gaps": [
            {
                "start": iso(hole.start),
                "end": iso(hole.end),
                "reason": hole.reason or "not_in_ledger",
                "detail": hole.detail,
            }
            for hole in span.missing
        ],
        "segments": [
            {
                "path": f"{SEGMENTS}/{one.segment.path}",
                "start": iso(one.segment.start),
                "seconds": round(one.segment.seconds, 6),
                "sha256": one.segment.sha256,
            }
            for one in span.files
        ],
        "videos": [one.path for one in taken.videos],
        "manifests": taken.manifests,
        "warnings": [en for _vi, en in taken.warnings],
    }
