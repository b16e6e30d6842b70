"""The pipeline's own database: opened by one process at a time, with the core tables in place."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from flows.errors import UsageError, WarehouseBusy
from flows.home import Home
from flows.schema import bring_up_to_date

log = logging.getLogger(__name__)

MEMORY_LIMIT = "1GB"


def sql_folder() -> Path:
    """The dbt project and the core tables' definitions, in the checkout or in the installed package."""
    return Path(str(resources.files("flows"))).parent / "sql"


@contextmanager
def exclusive(home: Home, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the warehouse for this process.

    Raises WarehouseBusy when another process still holds it after `wait_seconds`.
    """
    lock = FileLock(home.lock, timeout=0)
    try:
        try:
            lock.acquire()
        except Timeout:
            if not wait_seconds:
                raise
            log.warning("%s: another marktecho process is at work here; waiting until it has finished", home.warehouse)
            lock.acquire(timeout=wait_seconds)
    except Timeout:
        raise WarehouseBusy(
            f"{home.warehouse}: another marktecho process is working on this warehouse. "
            "Wait until it has finished, or use another --home."
        ) from None
    try:
        yield
    finally:
        lock.release()


def refuse_half_restored(home: Home) -> None:
    """Raise UsageError when a backup was on its way back here and did not arrive."""
    if home.restoring.exists():
        raise UsageError(
            f"{home.root}: a backup was being restored here and that did not end. "
            "Run `marktecho restore BACKUP --replace` again."
        )


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Do all of the block's writes, or none of them."""
    connection.begin()
    try:
        yield
        connection.commit()
    except BaseException:
        connection.rollback()
        raise


@contextmanager
def connect(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse with the tables of today (flows/schema.py) and the session in UTC.

    Several connections of one process may be open at once; settings are set after connecting because DuckDB
    refuses a second connection with another configuration (dlt and dbt open their own). The folder for what does not
    fit into memory stays DuckDB's own, beside the warehouse: it cannot be set again once it has been used.
    """
    refuse_half_restored(home)
    connection = duckdb.connect(str(home.warehouse))
    try:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("set preserve_insertion_order = false")
        bring_up_to_date(connection, sql_folder() / "core", home.warehouse)
        yield connection
    finally:
        connection.close()
