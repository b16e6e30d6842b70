"""A new file in flows/sources is a new source type."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import flows.sources
from flows.http import NetworkSettings
from flows.settings import SettingsError, parse_settings
from flows.sources.registry import connector_types

CONNECTOR = """
from typing import Literal
from flows.sources.base import Connector, SourceSettings

class {name}Settings(SourceSettings):
    type: {annotation}
    board: str

class {name}(Connector):
    settings_type = {name}Settings
    def __init__(self, settings):
        self.settings = settings
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A second folder of connectors, for this test only."""
    monkeypatch.setattr(flows.sources, "__path__", [*flows.sources.__path__, str(tmp_path)])
    known = set(sys.modules)
    connector_types.cache_clear()
    yield tmp_path
    connector_types.cache_clear()
    for name in set(sys.modules) - known:
        if name.startswith("flows.sources."):
            del sys.modules[name]


def add(folder: Path, file: str, name: str, annotation: str) -> None:
    (folder / f"{file}.py").write_text(CONNECTOR.format(name=name, annotation=annotation), encoding="utf-8")


def test_a_file_with_a_connector_is_a_type_that_settings_know(folder: Path) -> None:
    add(folder, "my_board", "Board", 'Literal["board"] = "board"')
    assert "board" in connector_types()
    text = "company: {id: a, name: A, query: a}\nsources: [{type: board, %s}]"
    (source,) = parse_settings(text % "board: cars").sources
    assert (source.source, type(source).__name__) == ("board", "BoardSettings")
    with pytest.raises(SettingsError, match=r"sources\[board\].bord: is not a known key. Did you mean board"):
        parse_settings(text % "bord: cars")


@pytest.mark.parametrize("annotation", ["str", 'Literal["mastodon"] = "mastodon"'])
def test_a_connector_without_a_type_of_its_own_is_named(folder: Path, annotation: str) -> None:
    add(folder, "my_board", "Board", annotation)
    with pytest.raises(TypeError, match=r"flows.sources.my_board.Board: `type` of its settings needs a default"):
        connector_types()


def test_files_without_a_connector_and_shared_bases_are_no_types(folder: Path) -> None:
    before = set(connector_types())
    connector_types.cache_clear()
    (folder / "my_words.py").write_text("from flows.sources.base import Connector\nWORDS = 3\n", encoding="utf-8")
    (folder / "my_base.py").write_text("from flows.sources.base import Connector\nclass Base(Connector): ...\n")
    assert set(connector_types()) == before


DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.parametrize("name", sorted(connector_types()))
def test_every_source_has_a_page_with_all_its_settings(name: str) -> None:
    """The page shows an entry to copy and explains each field; the settings page names the type and links to it."""
    pages = {page: page.read_text(encoding="utf-8") for page in (DOCS / "sources").glob("*.md")}
    page, text = next((page, text) for page, text in pages.items() if f"- type: {name}\n" in text)
    own = connector_types()[name].settings_type.model_fields.keys() - NetworkSettings.model_fields.keys()
    assert sorted(field for field in own if f"`{field}`" not in text) == []
    assert "## Retention and terms" in text
    settings = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    assert f"`{name}`" in settings
    assert f"(../sources/{page.name})" in settings
