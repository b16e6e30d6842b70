"""The entities' own accounts, as the pseudonyms under which their posts are known."""

from __future__ import annotations

from urllib.parse import urlsplit

import duckdb
import polars as pl

from flows.night import Night
from flows.privacy.pseudonyms import Pseudonyms
from flows.warehouse import transaction


def replace_accounts(warehouse: duckdb.DuckDBPyConnection, night: Night) -> None:
    """Make core.entity_accounts say what the settings say. Handles become pseudonyms here and reach no disk."""
    rows = _accounts(night)
    with transaction(warehouse):
        warehouse.execute("delete from core.entity_accounts")
        if rows:
            warehouse.register(
                "batch", pl.DataFrame(sorted(rows), ("entity_id", "author_key"), orient="row").to_arrow()
            )
            warehouse.execute("insert into core.entity_accounts by name select * from batch")
            warehouse.unregister("batch")


def _accounts(night: Night) -> set[tuple[str, str]]:
    accounts = night.settings.accounts
    if not accounts:
        return set()
    pseudonyms = Pseudonyms.open(night.home)
    hosts = {
        host
        for source in night.settings.sources
        if (host := urlsplit(str(getattr(source, "server", ""))).hostname) is not None
    }
    return {
        (entity_id, pseudonyms.author_key(platform, name))
        for entity_id, platform, handle in accounts
        for name in _names(handle, hosts)
    }


def _names(handle: str, hosts: set[str]) -> set[str]:
    """On platforms of many servers a name has its server with it; without one, those listened to are meant."""
    if "@" in handle.lstrip("@"):
        return {handle}
    return {handle, *(f"{handle}@{host}" for host in hosts)}
