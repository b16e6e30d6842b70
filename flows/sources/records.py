"""What connectors share: pages in turns, records of a page, and reading one by a pydantic model of what is needed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from math import inf
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ValidationError

from flows.sources.base import BrokenRecord, Outcome, Record, SourceFailed

BROKEN_BYTE = re.compile("[\udc80-\udcff]")
"""What the HTTP client makes of bytes that are not UTF-8."""

UtcTime = Annotated[datetime, AfterValidator(lambda moment: moment if moment.tzinfo else moment.replace(tzinfo=UTC))]
"""A time of a platform whose times are UTC, said or not: ISO 8601 or Unix seconds."""

M = TypeVar("M", bound=BaseModel)


def read_record(model: type[M], record: Record) -> M:
    """Read one record. Raises BrokenRecord with the first field that is missing, mistyped or was not UTF-8."""
    try:
        read = model.model_validate(record)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise BrokenRecord(".".join(str(step) for step in first["loc"]), first["msg"]) from error
    _refuse_broken_bytes(read)
    return read


def _refuse_broken_bytes(read: BaseModel) -> None:
    for name, value in read:
        if isinstance(value, str) and not value.isascii() and BROKEN_BYTE.search(value):
            raise BrokenRecord(type(read).model_fields[name].alias or name, "is not valid UTF-8")
        if isinstance(value, BaseModel):
            _refuse_broken_bytes(value)


def field_names(model: type[BaseModel], *, required: bool) -> tuple[str, ...]:
    """Names of a model's required or optional fields, nested ones with dots (`account.acct`)."""
    names: list[str] = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names += [f"{name}.{inner}" for inner in field_names(field.annotation, required=required)]
        elif field.is_required() == required:
            names.append(field.alias or name)
    return tuple(names)


def records_in(value: Any, where: str) -> list[Record]:
    """The records of a page; an entry that is no object stays, as a broken one. Raises SourceFailed for no list."""
    if not isinstance(value, list):
        raise SourceFailed(Outcome.SCHEMA_DRIFT, f"{where}: a list was expected, found {type(value).__name__}")
    return [entry if isinstance(entry, dict) else {"unreadable": entry} for entry in value]


def in_turns(walks: Iterable[Iterator[list[Record]]], max_records: float = inf) -> Iterator[list[Record]]:
    """Take a page of each walk in turn, until all have ended or `max_records` were read: none starves the others."""
    waiting = deque(walks)
    total = 0
    while waiting and total < max_records:
        walk = waiting.popleft()
        if (records := next(walk, None)) is not None:
            total += len(records)
            waiting.append(walk)
            yield records
