"""Write a connector that works, with its test server, test and docs page, to start from."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from flows.errors import UsageError
from flows.sources.registry import connector_types

TEMPLATES = Path(__file__).parent / "source"
PLACES = {
    "connector.txt": "flows/sources/{name}.py",
    "server.txt": "tests/platforms/{name}.py",
    "test.txt": "tests/test_{name}.py",
    "page.txt": "docs/sources/{name}.md",
}
SETTINGS_PAGE = "docs/reference/settings.md"


def write_source(name: str, checkout: Path) -> list[Path]:
    """Write the files of a source type into a checkout and add it to the settings page; returns what was written.

    Raises UsageError, before anything is written, when the name cannot be used, a file exists, or it is no checkout.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]+", name) or name in connector_types():
        raise UsageError(f"{name!r}: choose a name of small letters and digits that no source has, such as myforum.")
    page = checkout / SETTINGS_PAGE
    if not page.exists():
        raise UsageError(f"{checkout}: not a checkout of Marktecho ({SETTINGS_PAGE} is missing). Run this in one.")
    files = {checkout / place.format(name=name): template for template, place in PLACES.items()}
    for path in files:
        if path.exists():
            raise UsageError(f"{path} exists already. Remove it first, or choose another name.")
    for path, template in files.items():
        text = Template((TEMPLATES / template).read_text(encoding="utf-8"))
        path.write_text(text.substitute(name=name, title=name.capitalize()), encoding="utf-8")
    said = page.read_text(encoding="utf-8")
    files_link = "[files](../sources/files.md)"
    said = said.replace(files_link, f"[{name.capitalize()}](../sources/{name}.md), {files_link}", 1)
    page.write_text(said.replace(", `files`.", f", `{name}`, `files`.", 1), encoding="utf-8")
    return [*files, page]
