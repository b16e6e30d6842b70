"""Pages of records collected until they are worth a load: good rows, tombstones, broken records."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from flows.landing.clean import Cleaning, clean, native_id_of
from flows.landing.mention import mention_id
from flows.landing.quarantine import quarantined
from flows.landing.tally import Tally
from flows.sources.base import Connector, Cursor, Page

ENOUGH: Final = 2_000
"""Records after which a chunk is loaded: a load costs about 0.3 s whatever its size."""


class Chunk:
    """Rows ready for landing, one per key: of several versions of a post the last one wins, and a deletion over all."""

    def __init__(self) -> None:
        self.mentions: dict[str, dict[str, Any]] = {}
        self.tombstones: dict[str, dict[str, Any]] = {}
        self.quarantine: dict[str, dict[str, Any]] = {}
        self.cursor: Cursor | None = None
        self.deliveries: dict[str, int] = {}
        """How often each post of this chunk was delivered, by mention_id."""
        self.tally = Tally()
        self._broken: dict[str, list[str]] = {}

    @property
    def is_full(self) -> bool:
        """Whether it is time to load."""
        return self.tally.record_count >= ENOUGH

    def add(self, page: Page, connector: Connector, how: Cleaning) -> None:
        """Clean the records of a page and take over its cursor."""
        self.tally.skipped(page.skipped_count)
        self.tally.inspect(page.records, connector)
        for position, record in enumerate(page.records):
            row_number = page.row_numbers[position] if page.row_numbers else None
            self._add_record(record, connector, how, row_number)
        self.cursor = page.cursor

    def _add_record(self, record: Any, connector: Connector, how: Cleaning, row_number: int | None) -> None:
        try:
            raw = connector.to_mention(record)
            native_id = native_id_of(raw)
            key = mention_id(how.source, native_id)
            if raw.deleted:
                self._bury(key, native_id, how)
                self.tally.landed()
                return
            row = clean(raw, how)
        except Exception as error:  # one record never stops the others, whatever is wrong with it
            self._set_aside(record, error, connector, how, row_number)
            return
        self.deliveries[key] = self.deliveries.get(key, 0) + 1
        self.tally.landed(row["published_at"])
        if key not in self.tombstones:
            self.mentions[key] = row
        for quarantine_id in self._broken.pop(native_id, ()):
            self.quarantine[quarantine_id]["resolved_at"] = how.collected_at

    def _bury(self, key: str, native_id: str, how: Cleaning) -> None:
        self.mentions.pop(key, None)
        self.tombstones.setdefault(
            key,
            {
                "source": how.source,
                "native_id": native_id,
                "mention_id": key,
                "reason": "deleted",
                "noticed_at": how.collected_at,
            },
        )

    def _set_aside(
        self, record: Any, error: Exception, connector: Connector, how: Cleaning, row_number: int | None
    ) -> None:
        native_id = None
        with suppress(Exception):
            native_id = connector.native_id(record)
        row = quarantined(
            record,
            error,
            how,
            author_fields=connector.author_fields,
            native_id=native_id,
            row_number=row_number,
        )
        self.quarantine[row["quarantine_id"]] = row
        if native_id is not None:
            self._broken.setdefault(native_id, []).append(row["quarantine_id"])
        self.tally.failed(row["field"])
