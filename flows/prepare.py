"""From landing to core: canonical mentions, language, listened entities, copies, spam, deletions.

Each part compares tables and works on the difference, in batches that are one transaction each. A killed run loses the
batch it was at; the next run finds the rest still to do, and on unchanged input nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from flows.core.copies import find_copies
from flows.core.matching import Matcher, rematch
from flows.core.mentions import write_mentions
from flows.core.snapshots import replace_snapshots
from flows.core.spam import find_spam
from flows.core.special import flag_special_categories
from flows.core.tombstones import honour_tombstones
from flows.core.volumes import count_volumes
from flows.night import Night
from flows.warehouse import connect


@dataclass(frozen=True)
class PrepareCounts:
    """What one run of the step did (new, changed, rematched, deleted), and how many copies and spam posts there are."""

    new_count: int
    changed_count: int
    rematched_count: int
    deleted_count: int
    copy_count: int
    spam_count: int


def prepare(night: Night) -> PrepareCounts:
    """Bring core up to date with landing, the tombstones and the settings."""
    with connect(night.home) as warehouse:
        replace_snapshots(warehouse, night.settings)
        deleted = honour_tombstones(warehouse)
        matcher = Matcher(night)
        written = write_mentions(warehouse, night, matcher)
        rematched = rematch(warehouse, night, matcher)
        flag_special_categories(warehouse, night)
        copies = find_copies(warehouse, night)
        spam = find_spam(warehouse)
        count_volumes(warehouse, night)
    return PrepareCounts(written.new_count, written.changed_count, rematched, deleted, copies, spam)
