"""The watchlist: under each name the fingerprints of its terms and documents. The originals are not kept.

One sealed file holds the fingerprints; both its seal and the fingerprints need the watchlist key, which lies apart.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from filelock import FileLock

from flows.errors import UsageError
from flows.home import Home
from flows.key_files import open_key
from flows.leaks.excerpts import DocumentPrints, fingerprint_document
from flows.leaks.sealed import read_sealed, write_sealed
from flows.leaks.terms import TermPrints, fingerprint_term

MOST_LABEL = 60
_FORMAT = 1


@dataclass(frozen=True)
class Entry:
    """What is watched for under one name. Times are UTC."""

    label: str
    added_at: datetime
    terms: tuple[TermPrints, ...] = ()
    documents: tuple[DocumentPrints, ...] = ()

    def with_term(self, term: str, key: bytes) -> Entry:
        """The entry with one more term. Raises UsageError for a term that cannot be watched for."""
        prints = fingerprint_term(term, key)
        return self if prints in self.terms else replace(self, terms=(*self.terms, prints))

    def with_document(self, text: str, key: bytes) -> Entry:
        """The entry with one more document, by its text. Raises UsageError for one that cannot be watched for."""
        return replace(self, documents=(*self.documents, fingerprint_document(text, key)))


@dataclass(frozen=True)
class Watchlist:
    """All entries by name, and the key of their fingerprints. Never log or pickle it."""

    key: bytes = field(repr=False)
    entries: dict[str, Entry] = field(repr=False)

    @classmethod
    def read(cls, home: Home) -> Watchlist:
        """The watchlist of this installation; empty when there is none. Makes the key on first use.

        Raises KeyFileError and MarktechoError when key or file are damaged.
        """
        key = open_key(home.watchlist_key, "watchlist key", "no fingerprint of the watchlist can be used")
        if not home.watchlist.exists():
            return cls(key, {})
        content = json.loads(read_sealed(home.watchlist, _seal_key(key)))
        return cls(key, {one["label"]: _entry(one) for one in content["entries"]})

    @property
    def version(self) -> str:
        """32 hex digits that change with what is watched for, and without the key say nothing about it."""
        entries = sorted(self.entries.values(), key=lambda one: one.label)
        content = json.dumps([_plain(one) | {"added_at": None} for one in entries])
        return hashlib.blake2b(content.encode(), key=self.key, digest_size=16, person=b"leak-version").hexdigest()

    def write(self, home: Home) -> None:
        """Replace the fingerprint file."""
        content = {"format": _FORMAT, "entries": [_plain(one) for one in self.entries.values()]}
        write_sealed(home.watchlist, json.dumps(content).encode(), _seal_key(self.key))


@contextmanager
def changing(home: Home) -> Iterator[Watchlist]:
    """Give the watchlist to change, alone; it is written when the block ends well."""
    with FileLock(home.watchlist.with_suffix(".lock"), mode=0o600):
        watchlist = Watchlist.read(home)
        yield watchlist
        watchlist.write(home)


def add(home: Home, label: str, terms: Sequence[str] = (), documents: Sequence[tuple[str, str]] = ()) -> Entry:
    """Watch for more under a name. `documents` are pairs of what to call one in an error, and its text.

    Returns the entry as it is now. Raises UsageError, which names no term, when one cannot be watched for; nothing is
    written then.
    """
    if not label.strip() or len(label) > MOST_LABEL or not label.isprintable():
        raise UsageError(f"--name: a name has 1 to {MOST_LABEL} characters. It is shown with every finding.")
    if not terms and not documents:
        raise UsageError("There is nothing to add. Give --term, --term-file or --document.")
    with changing(home) as watchlist:
        entry = watchlist.entries.get(label) or Entry(label, datetime.now(UTC))
        for number, term in enumerate(terms, start=1):
            try:
                entry = entry.with_term(term, watchlist.key)
            except UsageError as error:
                raise UsageError(f"term {number}: {error}") from None
        for name, text in documents:
            try:
                entry = entry.with_document(text, watchlist.key)
            except UsageError as error:
                raise UsageError(f"{name}: {error}") from None
        watchlist.entries[label] = entry
    return entry


def remove(home: Home, label: str) -> None:
    """Watch for a name's terms and documents no longer. Raises UsageError when there is no such name."""
    with changing(home) as watchlist:
        if label not in watchlist.entries:
            known = ", ".join(sorted(watchlist.entries)) or "none"
            raise UsageError(f"The watchlist has no name '{label}'. Known are: {known}.")
        del watchlist.entries[label]


def _seal_key(key: bytes) -> bytes:
    return hashlib.blake2b(key=key, digest_size=32, person=b"leak-seal").digest()


def _plain(entry: Entry) -> dict[str, Any]:
    return {
        "label": entry.label,
        "added_at": entry.added_at.isoformat(),
        "terms": [
            {
                "edges": [edge.hex() for edge in term.edges],
                "exact": term.exact.hex(),
                "near": sorted(near.hex() for near in term.near),
            }
            for term in entry.terms
        ],
        "documents": [
            {"hashes": _packed(one.hashes, "<u8"), "places": _packed(one.places, "<u4")} for one in entry.documents
        ],
    }


def _entry(plain: dict[str, Any]) -> Entry:
    return Entry(
        plain["label"],
        datetime.fromisoformat(plain["added_at"]),
        tuple(
            TermPrints(
                (bytes.fromhex(term["edges"][0]), bytes.fromhex(term["edges"][1])),
                bytes.fromhex(term["exact"]),
                frozenset(map(bytes.fromhex, term["near"])),
            )
            for term in plain["terms"]
        ),
        tuple(
            DocumentPrints(_unpacked(one["hashes"], "<u8"), _unpacked(one["places"], "<u4"))
            for one in plain["documents"]
        ),
    )


def _packed(values: np.ndarray, kind: str) -> str:
    return base64.b64encode(values.astype(kind).tobytes()).decode()


def _unpacked(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype=kind)
