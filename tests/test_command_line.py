"""The command line at its edges: help, documentation, wrong use. Nothing wrong writes anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.main import get_command

from flows.cli import app
from tests.night_process import marktecho

ROOT = Path(__file__).parent.parent
COMMANDS = sorted(get_command(app).commands)  # type: ignore[attr-defined]
GOOD_CONFIG = "company: {id: velumo, name: Velumo, query: velumo}\n"
GOOD_POSTS = "id,text,created_at\n1,Velumo ist super,2026-11-01\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_stands_in_the_reference(command: str) -> None:
    reference = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    assert f"`marktecho {command}" in reference
    assert get_command(app).commands[command].help  # type: ignore[attr-defined]


def test_the_reference_names_no_command_that_is_not_there() -> None:
    reference = (ROOT / "docs" / "reference" / "command-line.md").read_text(encoding="utf-8")
    named = {
        line.split("`marktecho ")[1].split("`")[0].split()[0]
        for line in reference.splitlines()
        if "| `marktecho " in line
    }
    assert named <= set(COMMANDS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "listening.yaml").write_text(GOOD_CONFIG, encoding="utf-8")
    (tmp_path / "posts.csv").write_text(GOOD_POSTS, encoding="utf-8")
    return tmp_path


def refused(folder: Path, *arguments: str | Path) -> str:
    """Run a command that must end with exit code 2 and write nothing; returns what it said."""
    home = folder / "home"
    done = marktecho(*arguments, "--home", home)
    assert done.code == 2, done.errors
    assert "Traceback" not in done.errors
    assert not home.exists() or not [path for path in home.rglob("*") if path.is_file() and path.suffix != ".lock"]
    return done.errors


def test_wrong_settings_name_file_line_and_field(folder: Path) -> None:
    config = folder / "wrong.yaml"
    config.write_text("company:\n  id: velumo\n  name: Velumo\n  query: '(velumo'\n", encoding="utf-8")
    said = refused(folder, "nightly", "--config", config)
    assert not (folder / "home").exists()
    assert "wrong.yaml:4" in said
    assert "company.query" in said


def test_missing_settings_are_told(folder: Path) -> None:
    assert "missing.yaml" in refused(folder, "nightly", "--config", folder / "missing.yaml")


def test_wrong_time_is_told(folder: Path) -> None:
    assert "--as-of yesterday" in refused(
        folder, "nightly", "--config", folder / "listening.yaml", "--as-of", "yesterday"
    )


def test_unknown_source_is_told(folder: Path) -> None:
    assert "no source 'nowhere'" in refused(folder, "ingest", "nowhere", "--config", folder / "listening.yaml")


@pytest.mark.parametrize(
    ("file", "mapping", "expected"),
    [
        ("absent.csv", "text=text", "absent.csv"),
        ("posts.csv", "text=body", "body"),
        ("posts.csv", "colour=text", "colour"),
        ("posts.docx", "text=text", "posts.docx"),
    ],
)
def test_wrong_imports_name_file_and_field(folder: Path, file: str, mapping: str, expected: str) -> None:
    (folder / "posts.docx").write_bytes(b"PK")
    said = refused(
        folder, "import", folder / file, "--source", "export", "--map", mapping, "--config", folder / "listening.yaml"
    )
    assert expected in said


@pytest.mark.parametrize("command", [("query", "select 1"), ("search", "Akku"), ("rollback",)])
def test_reading_before_the_first_night_says_so_and_makes_no_folder(folder: Path, command: tuple[str, ...]) -> None:
    assert "nothing has been published yet" in refused(folder, *command)
    assert not (folder / "home").exists()


def test_unknown_options_are_wrong_use(folder: Path) -> None:
    assert refused(folder, "nightly", "--speed", "fast")
