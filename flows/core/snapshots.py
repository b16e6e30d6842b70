"""What listening.yaml says, as tables for the marts to join."""

from __future__ import annotations

import hashlib
from typing import Any

import duckdb

from flows.settings import Settings
from flows.warehouse import transaction


def replace_snapshots(warehouse: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make the tables about entities, aspects and routing rules say what the settings say, all at once."""
    tables: dict[str, list[tuple[Any, ...]]] = {
        "entities": [
            (entity.entity_id, entity.name, entity.kind, _digest(str(entity.query))) for entity in settings.entities
        ],
        "aspects": [(aspect.id, aspect.name, aspect.description) for aspect in settings.aspects],
        "routing_rules": [
            (
                rule.id,
                position,
                rule.department,
                _list(rule.intents),
                _list(rule.aspects),
                _list(rule.sentiments),
                _list(rule.entity_kinds),
                rule.min_reach,
                rule.priority,
                rule.due_hours,
                rule.reason,
            )
            for position, rule in enumerate(settings.departments)
        ],
        "routing_queries": [
            (rule.id, _digest(str(rule.query))) for rule in settings.departments if rule.query is not None
        ],
    }
    with transaction(warehouse):
        for table, rows in tables.items():
            warehouse.execute(f"delete from core.{table}")
            for row in rows:
                warehouse.execute(f"insert into core.{table} values ({', '.join('?' * len(row))})", list(row))


def _list(values: tuple[str, ...] | None) -> list[str] | None:
    return None if values is None else list(values)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
