"""What several files of tests share: one Prefect server for all nights, so that each night costs seconds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.prefect_server import PrefectServer


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    with PrefectServer(tmp_path_factory.mktemp("prefect")) as server:
        yield server
