"""The build's copy of the decisions, for the marts to join."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from flows.home import Home
from flows.queue.store import states
from flows.warehouse import transaction

_KNOWN = pa.schema(
    [
        ("mention_id", pa.string()),
        ("department", pa.string()),
        ("status", pa.string()),
        ("status_at", pa.timestamp("us", "UTC")),
        ("passed_on_from", pa.string()),
        ("priority", pa.int64()),
        ("due_at", pa.timestamp("us", "UTC")),
    ]
)


def copy_decisions(warehouse: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Make core.queue_states say what has been decided so far; what people decide from here on, the next build copies.

    Raises MarktechoError when the store cannot be read.
    """
    rows = [
        {
            "mention_id": state.mention_id,
            "department": state.department,
            "status": state.status,
            "status_at": state.happened_at,
            "passed_on_from": state.passed_on_from,
            "priority": state.priority,
            "due_at": state.due_at,
        }
        for state in states(home)
    ]
    warehouse.register("decided", pa.Table.from_pylist(rows, schema=_KNOWN))
    try:
        with transaction(warehouse):
            warehouse.execute("delete from core.queue_states")
            warehouse.execute("insert into core.queue_states by name select * from decided")
    finally:
        warehouse.unregister("decided")
