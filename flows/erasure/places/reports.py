"""Reports: night summaries, briefs and the audit's Data Docs, where they quote a post or name it."""

from __future__ import annotations

import shutil
from pathlib import Path

from flows.erasure.journal import Gone
from flows.home import Home

_DATA_DOCS = "data_docs"


def erase(home: Home, gone: Gone) -> int:
    """Delete each report that quotes or names a post; of the Data Docs, all pages of that audit."""
    if not gone.traces.needles or not home.reports.exists():
        return 0
    touched = 0
    for report in _reports(home.reports):
        pages = [report] if report.is_file() else [page for page in report.rglob("*") if page.is_file()]
        if any(gone.traces.found_in(_text(page) for page in pages)):
            shutil.rmtree(report) if report.is_dir() else report.unlink()
            touched += 1
    return touched


def _reports(folder: Path) -> list[Path]:
    """Each file, but the pages of one audit together."""
    found = sorted((folder / _DATA_DOCS).iterdir()) if (folder / _DATA_DOCS).exists() else []
    return found + sorted(path for path in folder.rglob("*") if path.is_file() and _DATA_DOCS not in path.parts)


def _text(page: Path) -> str:
    return page.read_bytes().decode("utf-8", "ignore")
