"""Pages of records collected until they are worth a load: good rows, tombstones, broken records."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from flows.landing.clean import Cleaning, clean, native_id_of
from flows.landing.mention import mention_id
from flows.landing.quarantine import named_authors, quarantined
from flows.landing.tally import Tally
from flows.landing.text import normalise
from flows.sources.base import BrokenRecord, Connector, Cursor, Page, RawMention

ENOUGH: Final = 2_000
"""Records after which a chunk is loaded: a load costs about 0.3 s whatever its size."""


@dataclass
class GoneAccount:
    """An account that is gone: what the native ids of its posts begin with ("": with nothing of its own)."""

    id_prefix: str
    has_posts: bool = False


class Chunk:
    """Rows ready for landing, one per key: of several versions of a post the last one wins, and a deletion over all.

    `unsure_mentions` and `unsure_tombstones` say of how many records it is that they count only when their post is
    known, by mention_id; `gone_accounts` are those whose posts of earlier loads have to go, by author_key.
    """

    def __init__(self) -> None:
        self.mentions: dict[str, dict[str, Any]] = {}
        self.tombstones: dict[str, dict[str, Any]] = {}
        self.quarantine: dict[str, dict[str, Any]] = {}
        self.quarantine_authors: dict[str, set[str]] = {}
        """Keyed hashes of whoever is named in a broken record's author fields, by quarantine_id."""
        self.unsure_mentions: Counter[str] = Counter()
        self.unsure_tombstones: Counter[str] = Counter()
        self.gone_accounts: dict[str, GoneAccount] = {}
        self.cursor: Cursor | None = None
        self.deliveries: dict[str, int] = {}
        """How often each post of this chunk was delivered, by mention_id."""
        self.tally = Tally()
        self._post_count = self._record_count = 0
        self._broken: dict[str, list[str]] = {}

    @property
    def is_full(self) -> bool:
        """Whether it is time to load."""
        return self._post_count >= ENOUGH or self._record_count >= 10 * ENOUGH

    def add(self, page: Page, connector: Connector, how: Cleaning) -> int:
        """Clean the records of a page and take over its cursor.

        Returns how many of them count: all but those about posts that may never have been collected.
        """
        before = self._post_count
        self.tally.skipped(page.skipped_count)
        self._post_count += page.skipped_count
        self._record_count += len(page.records)
        for position, record in enumerate(page.records):
            row_number = page.row_numbers[position] if page.row_numbers else None
            self._add_record(record, connector, how, row_number)
        self.cursor = page.cursor
        return self._post_count - before

    def _add_record(self, record: Any, connector: Connector, how: Cleaning, row_number: int | None) -> None:
        try:
            raw = connector.to_mention(record)
            if raw.account_gone:
                self._bury_account(raw, how)
                return
            native_id = native_id_of(raw)
            key = mention_id(how.source, native_id)
            if how.forgotten and _is_forgotten(raw, native_id, how):
                self._post_count += not raw.if_known
                self.tally.skipped(1)
                return
            if raw.deleted:
                self._bury(key, native_id, how, only_if_known=raw.if_known and not self._knows(key, native_id))
                self.tally.landed()
                self._post_count += not raw.if_known
                return
            row = clean(raw, how)
        except Exception as error:  # one record never stops the others, whatever is wrong with it
            self._post_count += 1
            self.tally.inspect(record, connector)
            self._set_aside(record, error, connector, how, row_number)
            return
        self._post_count += not raw.if_known
        self.tally.inspect(record, connector)
        self.tally.landed(row["published_at"])
        self.deliveries[key] = self.deliveries.get(key, 0) + 1
        if raw.if_known and not self._knows(key, native_id):
            self.unsure_mentions[key] += 1
        else:
            self.unsure_mentions.pop(key, None)
        if key not in self.tombstones or key in self.unsure_tombstones:
            self.mentions[key] = row
        for quarantine_id in self._broken.pop(native_id, ()):
            self.quarantine[quarantine_id]["resolved_at"] = how.collected_at

    def _knows(self, key: str, native_id: str) -> bool:
        """Whether this chunk says for sure that the post was collected."""
        is_here = key in self.mentions and key not in self.unsure_mentions
        return is_here or native_id in self._broken or (key in self.tombstones and key not in self.unsure_tombstones)

    def _bury(self, key: str, native_id: str, how: Cleaning, *, only_if_known: bool, reason: str = "deleted") -> None:
        if only_if_known:
            self.unsure_tombstones[key] += 1
        else:
            self.unsure_tombstones.pop(key, None)
        self.mentions.pop(key, None)
        self.tombstones.setdefault(
            key,
            {
                "source": how.source,
                "native_id": native_id,
                "mention_id": key,
                "reason": reason,
                "noticed_at": how.collected_at,
            },
        )

    def _bury_account(self, raw: RawMention, how: Cleaning) -> None:
        """Bury the account's posts of this chunk; those of earlier loads are found when it is loaded."""
        if not raw.author:
            raise BrokenRecord("author", "is missing: whose account is gone?")
        author_key = how.pseudonyms.author_key(how.platform, raw.author)
        account = self.gone_accounts.setdefault(author_key, GoneAccount(raw.native_id))
        for key, row in list(self.mentions.items()):
            if row["author_key"] == author_key:
                is_unsure = not self._knows(key, row["native_id"])
                self._bury(key, row["native_id"], how, only_if_known=is_unsure, reason="account_deleted")
                account.has_posts = account.has_posts or not is_unsure
        if raw.native_id:
            for native_id in [each for each in self._broken if each.startswith(raw.native_id)]:
                for quarantine_id in self._broken.pop(native_id):
                    del self.quarantine[quarantine_id]

    def _set_aside(
        self, record: Any, error: Exception, connector: Connector, how: Cleaning, row_number: int | None
    ) -> None:
        native_id = None
        with suppress(Exception):
            native_id = normalise(connector.native_id(record) or "") or None
        authors = named_authors(record, connector.author_fields)
        if how.forgotten and (
            (native_id is not None and how.forgotten.has_post(how.source, native_id))
            or any(how.forgotten.has_author(how.platform, author) for author in authors)
        ):
            self.tally.skipped(1)
            return
        row = quarantined(
            record,
            error,
            how,
            author_fields=connector.author_fields,
            native_id=native_id,
            row_number=row_number,
        )
        self.quarantine[row["quarantine_id"]] = row
        keys = {how.pseudonyms.author_key(how.platform, author) for author in authors}
        self.quarantine_authors[row["quarantine_id"]] = keys
        if native_id is not None:
            self._broken.setdefault(native_id, []).append(row["quarantine_id"])
        self.tally.failed(row["field"])


def _is_forgotten(raw: RawMention, native_id: str, how: Cleaning) -> bool:
    url = raw.url if isinstance(raw.url, str) else None
    if how.forgotten.has_post(how.source, native_id, url):
        return True
    return isinstance(raw.author, str) and how.forgotten.has_author(how.platform, raw.author)
