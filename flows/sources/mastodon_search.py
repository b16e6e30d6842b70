"""Searching a Mastodon server for words: results newest first, paged by `offset`.

Full-text search needs a user's token (`read:search`) and a server with Elasticsearch; one without finds nothing, and
nothing in the answer tells it apart from words that nobody used. Results are sorted by id, the newest first.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from flows.http import Params, PoliteClient
from flows.sources.base import Outcome, SourceFailed
from flows.sources.newest_first import Listing, Position, Slice, time_in
from flows.sources.records import records_in

PATH = "/api/v2/search"
PAGE_SIZE = 40
MAX_HITS = 10_000
"""Elasticsearch gives no results beyond this place."""


def listing(client: PoliteClient, words: str) -> Listing:
    """The search for `words` (a phrase in quotation marks, operators as the server knows them) as a listing."""
    return Listing(f"search {words}", partial(_hits, client, words), lambda record: time_in(record.get("created_at")))


def _hits(client: PoliteClient, words: str, position: Position) -> Slice:
    offset = int(position or 0)
    params: Params = [("q", words), ("type", "statuses"), ("limit", str(PAGE_SIZE)), ("offset", str(offset))]
    found, response = client.get_json(PATH, params, accept=(422,))
    if response.status == 422:
        raise SourceFailed(Outcome.ACCESS_LOST, f"search {words}: the server refuses it. Check `token_variable`.")
    records = records_in(_statuses(found), f"search {words}")
    following = offset + PAGE_SIZE
    return Slice(records, following if records and following < MAX_HITS else None)


def _statuses(found: Any) -> Any:
    return found.get("statuses") if isinstance(found, dict) else found
