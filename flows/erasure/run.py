"""Works off the journal: every place lets go, the log says so, the warehouse is written anew."""

from __future__ import annotations

import shutil
from dataclasses import replace

from flows.erasure.duckdb_files import rewrite_warehouse
from flows.erasure.forgotten import record_erasure
from flows.erasure.journal import Gone, close, due, must_rewrite, rewritten
from flows.erasure.keywords import lost_keywords
from flows.erasure.registry import all_places
from flows.home import Home
from flows.night import Night, Report, silent
from flows.warehouse import connect


def erase(night: Night) -> dict[str, int]:
    """The night's part: what was deleted upstream, or became too old, leaves every other place; see `erase_due`."""
    return erase_due(night.home, night.report)


def erase_due(home: Home, report: Report = silent) -> dict[str, int]:
    """Remove what the journal says from every place; returns how many pieces each let go of, {} when nothing was due.

    The caller holds the warehouse (`flows.warehouse.exclusive`) and has no connection to it open. Killed anywhere, it
    leaves the journal and is begun again by the next call.
    """
    with connect(home) as warehouse:
        gone = due(warehouse)
        must_copy = must_rewrite(warehouse)
    counts = _let_go(home, gone, report) if gone else {}
    if gone or must_copy:
        rewrite_warehouse(home)
        with connect(home) as warehouse:
            rewritten(warehouse)
        report("erase", len(all_places()) + 1, len(all_places()) + 1)
    shutil.rmtree(home.work / "erasure", ignore_errors=True)
    return counts


def _let_go(home: Home, gone: Gone, report: Report) -> dict[str, int]:
    gone = replace(gone, lost_words=lost_keywords(home))
    places = all_places()
    counts: dict[str, int] = {}
    for done, place in enumerate(places):
        report("erase", done, len(places) + 1)
        counts[place.name] = place.erase(home, gone)
    ids = [part for row in gone.posts.to_pylist() if (part := row["mention_id"] or row["quarantine_id"])]
    record_erasure(home, ids, gone.reasons, counts)
    with connect(home) as warehouse:
        close(warehouse)
    return counts
