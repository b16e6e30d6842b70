"""The step: write the brief of the published night into reports/briefs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from flows.brief.document import Brief, Period, compose_brief
from flows.brief.facts import Marts, latest_run
from flows.brief.layout import as_markdown, as_page
from flows.home import Home
from flows.night import Night
from flows.published import open_published
from flows.settings import Settings

KEPT_BRIEFS = 14
"""Briefs of days, and of weeks, that are kept: they hold words of posts."""
MONDAY = 0  # of date.weekday


@dataclass(frozen=True)
class Written:
    """The files of a night's briefs."""

    pages: list[Path]


def write_brief(night: Night) -> Written:
    """Write the brief of the published night, on Mondays also that of the week, each as a page and as Markdown.

    They go to reports/briefs as DATE.html and DATE.md, for weeks as DATE-week; `latest` is the last of the days. All
    but the last KEPT_BRIEFS of each are removed. Raises UsageError when nothing is published.
    """
    folder = night.home.briefs
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pages = []
    with open_published(night.home) as marts:
        for period in due_periods(marts, night.settings):
            brief = compose_brief(marts, night.settings, period=period)
            pages.append(_write(brief_file(night.home, brief), brief))
            if period == "day":
                _write(night.home.latest_brief, brief)
    for of_period in ("[0-9]*-[0-9][0-9].html", "[0-9]*-week.html"):
        for old in sorted(folder.glob(of_period))[:-KEPT_BRIEFS]:
            old.unlink()
            old.with_suffix(".md").unlink(missing_ok=True)
    return Written(pages)


def due_periods(marts: duckdb.DuckDBPyConnection, settings: Settings, *, since: datetime | None = None) -> list[Period]:
    """The briefs of a published night: that of the day, on Mondays also that of the week; none before `since`."""
    asked = Marts(marts, settings.time_zone)
    as_of = latest_run(asked)["as_of"]
    if since is not None and as_of < since:
        return []
    return ["day", "week"] if asked.local_day(as_of).weekday() == MONDAY else ["day"]


def brief_file(home: Home, brief: Brief) -> Path:
    """The page of a brief; its Markdown stands beside it."""
    name = brief.day.isoformat()
    return home.briefs / f"{name if brief.period == 'day' else f'{name}-week'}.html"


def _write(page: Path, brief: Brief) -> Path:
    for path, content in ((page.with_suffix(".md"), as_markdown(brief)), (page, as_page(brief))):
        draft = path.with_name(f".{path.name}")
        draft.write_text(content, encoding="utf-8")
        draft.chmod(0o600)
        draft.replace(path)
    return page
