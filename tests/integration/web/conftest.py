"""One served site for the tests that only ask."""

from collections.abc import Iterator

import pytest

from tests.integration.web.served import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    with made.serving():
        yield made
