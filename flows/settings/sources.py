"""Entries under `sources:` become settings of their own type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic_core import PydanticCustomError

from flows.sources.base import FOLDER, SourceSettings
from flows.sources.registry import connector_types


def validate_source(value: Any, folder: Path | None = None) -> SourceSettings:
    """Return an entry as settings of the type it names; paths in it start at `folder`.

    Raises PydanticCustomError for an unknown type, ValidationError for wrong settings of a known one.
    """
    if isinstance(value, SourceSettings):
        return value
    if not isinstance(value, dict):
        raise PydanticCustomError("dict_type", "not a group of keys")
    known = connector_types()
    if not isinstance(value.get("type"), str) or value["type"] not in known:
        raise PydanticCustomError("unknown_source", "unknown source type", {"known": sorted(known)})
    return known[value["type"]].settings_type.model_validate(value, context={FOLDER: folder})
