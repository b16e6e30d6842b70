"""`marktecho new source` writes a connector whose test passes, and refuses what would spoil a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.errors import UsageError
from flows.scaffold.new_source import write_source

ROOT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what the new files need."""
    for folder in ("flows", "tests", "docs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "img", "data"))
    (tmp_path / "models").symlink_to(ROOT / "models")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def in_checkout(checkout: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=checkout,
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_generated_source_passes_its_test_and_is_documented(checkout: Path) -> None:
    done = CliRunner().invoke(app, ["new", "source", "myforum", "--checkout", str(checkout)])
    assert done.exit_code == 0
    assert len(done.stdout.split("\n\n")[0].splitlines()) == 5
    page_test = "tests/test_source_registry.py::test_every_source_has_a_page_with_all_its_settings[myforum]"
    run = in_checkout(checkout, "pytest", "-q", "-p", "no:cacheprovider", "tests/test_myforum.py", page_test)
    assert run.returncode == 0, run.stdout + run.stderr
    written = ("flows/sources/myforum.py", "tests/test_myforum.py", "tests/platforms/myforum.py")
    for command in (["check"], ["format", "--check"]):
        lint = in_checkout(checkout, "ruff", *command, *written)
        assert lint.returncode == 0, lint.stdout


@pytest.mark.parametrize("name", ["mastodon", "My-Forum", "", "../x"])
def test_names_that_cannot_be_used_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="choose a name"):
        write_source(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_checkout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a checkout"):
        write_source("myforum", tmp_path)
