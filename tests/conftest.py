"""A test that should run and does not is a failure: nothing here is skipped."""

from collections.abc import Generator

import pytest
import structlog
from hypothesis import HealthCheck, settings

# How fast an example is tells of the machine, not of the code: no test fails by a clock.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipped, so it proves nothing: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _plain_log() -> None:
    """A command that an earlier test ran in this process has set up the log for that test's stdout,
    which is gone: every test reads a log of its own.
    """
    structlog.reset_defaults()
