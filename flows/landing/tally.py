"""What a source delivered in a run, counted: records, null shares, unknown fields, failing fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from flows.sources.base import Connector

DRIFT_SHARE: Final = 0.2
"""Above this share of a run's records failing on one field, the platform has changed its format."""
DRIFT_MINIMUM: Final = 5
"""Fewer failures than that are broken records, not a pattern."""
MOST_UNKNOWN_FIELDS: Final = 100
"""Distinct unknown fields that are counted by name, so that a record with random keys cannot flood the table."""


@dataclass
class Tally:
    """Counts over records; `record_count == landed_count + quarantined_count + skipped_count` at any time."""

    landed_count: int = 0
    quarantined_count: int = 0
    skipped_count: int = 0
    inspected_count: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    nulls: Counter[str] = field(default_factory=Counter)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    newest_published_at: datetime | None = None

    @property
    def record_count(self) -> int:
        """All records the source delivered, those it left out included."""
        return self.landed_count + self.quarantined_count + self.skipped_count

    @property
    def null_shares(self) -> dict[str, float]:
        """Share of records (0 to 1) without each optional field."""
        return {name: round(count / self.inspected_count, 4) for name, count in sorted(self.nulls.items())}

    @property
    def drifted_field(self) -> str | None:
        """The field on which more than a fifth, and at least five, of the records failed."""
        if not self.failures:
            return None
        name, count = self.failures.most_common(1)[0]
        read = self.landed_count + self.quarantined_count
        return name if count >= DRIFT_MINIMUM and count > DRIFT_SHARE * read else None

    @property
    def is_unreadable(self) -> bool:
        """Whether not a single one of several records could be read, all because of one field."""
        return self.drifted_field is not None and self.landed_count == 0

    def inspect(self, record: Any, connector: Connector) -> None:
        """Count missing optional fields and unknown fields (of the top level) of a post's record."""
        if not isinstance(record, Mapping):
            return
        names = {*connector.required_fields, *connector.optional_fields, *connector.author_fields}
        known = names | {name.partition(".")[0] for name in names}
        self.inspected_count += 1
        for name in connector.optional_fields:
            self.nulls[name] += lookup(record, name) in (None, "")
        for name in record.keys() - known:
            if name in self.unknown_fields or len(self.unknown_fields) < MOST_UNKNOWN_FIELDS:
                self.unknown_fields[str(name)] += 1

    def landed(self, published_at: datetime | None = None) -> None:
        """Count a record that became a mention or a tombstone."""
        self.landed_count += 1
        if published_at and (self.newest_published_at is None or published_at > self.newest_published_at):
            self.newest_published_at = published_at

    def failed(self, field_name: str) -> None:
        """Count a record that went to quarantine."""
        self.quarantined_count += 1
        self.failures[field_name] += 1

    def skipped(self, count: int) -> None:
        """Count records that were left out."""
        self.skipped_count += count

    def withhold(self, count: int) -> None:
        """Count landed records as left out after all: their posts had been deleted before."""
        self.landed_count -= count
        self.skipped_count += count

    def disregard(self, count: int) -> None:
        """Count landed records as never delivered: they were about posts that nobody collected."""
        self.landed_count -= count

    def include(self, other: Tally) -> None:
        """Add another tally to this one."""
        self.landed_count += other.landed_count
        self.quarantined_count += other.quarantined_count
        self.skipped_count += other.skipped_count
        self.inspected_count += other.inspected_count
        self.failures.update(other.failures)
        self.nulls.update(other.nulls)
        self.unknown_fields.update(other.unknown_fields)
        newest = [moment for moment in (self.newest_published_at, other.newest_published_at) if moment]
        self.newest_published_at = max(newest, default=None)


def lookup(record: Any, path: str) -> Any:
    """Find a value by its name, whose dots lead into nested objects; None where the path ends early."""
    if isinstance(record, Mapping) and path in record:
        return record[path]
    for name in path.split("."):
        if not isinstance(record, Mapping):
            return None
        record = record.get(name)
    return record
