"""Errors of FFmpeg and of the disk become one reason of the closed list, without the URL."""

import errno
import os

import av.error
import pytest

from edge_agent.core.media import GapReason
from edge_agent.core.secret import Credential
from edge_agent.recording.loss import Lost, disk_lost, stream_lost
from edge_agent.recording.source import with_credential

URL = "rtsp://admin:geheim@10.0.0.5/main"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (av.error.HTTPUnauthorizedError(1, "Unauthorized", URL), GapReason.PASSWORD_REFUSED),
        (av.error.HTTPForbiddenError(1, "Forbidden", URL), GapReason.PASSWORD_REFUSED),
        (av.error.HTTPNotFoundError(1, "Not found", URL), GapReason.CAMERA_OFFLINE),
        (av.error.HTTPOtherClientError(1, "4XX", URL), GapReason.TOO_MANY_SESSIONS),
        (av.error.HTTPServerError(1, "5XX", URL), GapReason.TOO_MANY_SESSIONS),
        (av.error.ExitError(1, "Immediate exit", URL), GapReason.CAMERA_OFFLINE),
        (av.error.ConnectionRefusedError(errno.ECONNREFUSED, "x", URL), GapReason.CAMERA_OFFLINE),
        (av.error.OSError(errno.EHOSTUNREACH, "x", URL), GapReason.CAMERA_OFFLINE),
        (av.error.OSError(errno.ENETUNREACH, "x", URL), GapReason.NETWORK),
        (av.error.ConnectionResetError(errno.ECONNRESET, "x", URL), GapReason.NETWORK),
        (av.error.InvalidDataError(1, "Invalid data", URL), GapReason.UNKNOWN),
    ],
)
def test_every_error_of_the_stream_has_one_reason_and_tells_no_secret(
    error: av.error.FFmpegError, reason: GapReason
) -> None:
    lost = stream_lost(error)
    assert lost.reason is reason
    trouble = lost.trouble("yard")
    assert trouble.code == f"recording.{reason.value}"
    assert "geheim" not in str(lost) + str(trouble)
    assert "yard" in trouble.vi
    assert "yard" in trouble.en


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (errno.ENOSPC, GapReason.DISK_FULL),
        (errno.EDQUOT, GapReason.DISK_FULL),
        (errno.EFBIG, GapReason.DISK_FULL),
        (errno.ENOENT, GapReason.DISK_MISSING),
        (errno.EROFS, GapReason.DISK_MISSING),
        (errno.EIO, GapReason.DISK_MISSING),
    ],
)
def test_every_error_of_the_disk_has_one_reason(number: int, reason: GapReason) -> None:
    assert disk_lost(OSError(number, os.strerror(number))).reason is reason


@pytest.mark.parametrize("reason", list(GapReason))
def test_every_reason_can_be_told_in_both_languages(reason: GapReason) -> None:
    trouble = Lost(reason).trouble("yard")
    assert trouble.vi != trouble.en


def test_a_password_with_any_character_fits_into_the_url() -> None:
    url = with_credential("rtsp://10.0.0.5:554/main?a=1", Credential("ad min", "p@ss:/# w?"))
    assert url == "rtsp://ad%20min:p%40ss%3A%2F%23%20w%3F@10.0.0.5:554/main?a=1"


def test_a_url_that_holds_credentials_keeps_them_and_one_without_needs_none() -> None:
    assert with_credential(URL, Credential("u", "p")) == URL
    assert with_credential("rtsp://h/main", None) == "rtsp://h/main"
