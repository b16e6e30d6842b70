"""What several files of tests share: profiles of the property tests, and one Prefect server for all nights.

`HYPOTHESIS_PROFILE=explore make test` looks for new examples and shrinks what it finds; the usual run tries the same
examples every time and reports the first failing one as it is, so that it takes the same time on every machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings

from tests.prefect_server import PrefectServer

settings.register_profile(
    "steady", derandomize=True, database=None, deadline=None, phases=(Phase.explicit, Phase.generate)
)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    with PrefectServer(tmp_path_factory.mktemp("prefect")) as server:
        yield server


@pytest.fixture(autouse=True)
def _own_main_module() -> Iterator[None]:
    """Streamlit's AppTest leaves its script as `__main__`, which processes that are started later would run."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that hold slow tests, so that no process is left with one of them at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
