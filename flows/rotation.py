"""A new key for the pseudonyms: every pseudonym is made anew from the old one, so that no author is lost or split."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from flows.erasure import erase_due
from flows.erasure.journal import ask_for_rewrite
from flows.home import Home
from flows.key_files import prepare_next_key, take_next_key
from flows.privacy.pseudonyms import Pseudonyms, key_file
from flows.warehouse import connect, transaction


def rotate(home: Home) -> int:
    """Add a key to the chain and make all pseudonyms anew with it; returns how many different ones there were.

    Whoever has an earlier key can no longer check handles against the data. The chain is prepared beside the old one,
    the tables change in one transaction that records the chain, then the chain takes the old one's place and the
    warehouse is written anew, without the old pseudonyms. Killed anywhere, the same call finishes; until then other
    runs refuse to start. The caller holds the warehouse.
    """
    file = key_file(home)
    Pseudonyms.read(file)
    chain = Pseudonyms.read(prepare_next_key(file))
    chain_id = hashlib.blake2b(chain.key, digest_size=16, person=b"chain").hexdigest()
    with connect(home) as warehouse:
        count = 0
        if not warehouse.execute("select 1 from core.key_rotations where chain_id = ?", [chain_id]).fetchone():
            with transaction(warehouse):
                count = _renew(warehouse, chain)
                warehouse.execute("insert into core.key_rotations values (?, ?)", [chain_id, datetime.now(UTC)])
                ask_for_rewrite(warehouse)
    take_next_key(file)
    erase_due(home)
    return count


def _renew(warehouse: duckdb.DuckDBPyConnection, chain: Pseudonyms) -> int:
    tables = warehouse.execute(
        """
        select schema_name, table_name
        from duckdb_columns()
        join duckdb_tables() using (database_name, schema_name, table_name)
        where column_name = 'author_key' and not starts_with(schema_name, 'landing_staging')
        """
    ).fetchall()
    keys: set[str] = set()
    for schema, table in tables:
        found = warehouse.execute(f'select distinct author_key from {schema}."{table}" where author_key is not null')
        keys.update(key for (key,) in found.fetchall())
    old = sorted(keys)
    warehouse.register("renewed", pa.table({"old": pa.array(old, pa.string()), "new": [*map(chain.renewed, old)]}))
    for schema, table in tables:
        warehouse.execute(
            f'update {schema}."{table}" set author_key = renewed.new from renewed where author_key = renewed.old'
        )
    warehouse.unregister("renewed")
    return len(old)
