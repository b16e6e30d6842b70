"""Exports of other tools in a folder: CSV, JSON Lines and Parquet files, each also gzipped.

Reach is what the file's `reach` column says. Files cannot be asked whether a post is still there.
"""

from __future__ import annotations

import glob
import html
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b, file_digest
from math import isnan
from pathlib import Path
from typing import Any, ClassVar, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationInfo, field_validator

from flows.errors import UsageError
from flows.files.mapping import check_field, complete, value_of
from flows.files.presets import preset_mapping, text_columns
from flows.files.reading import Layout, batches, columns, inspect, sample
from flows.files.rows import Row, UnreadableRow
from flows.files.times import UnreadableTime, read_time
from flows.sources.base import (
    FOLDER,
    BrokenRecord,
    Connector,
    Cursor,
    Outcome,
    Page,
    RawMention,
    Record,
    SourceFailed,
    SourceSettings,
)

log = logging.getLogger(__name__)

ROWS_PER_PAGE: Final = 5_000
_FLAGS: Final = {
    **dict.fromkeys(("true", "1", "1.0", "yes", "ja", "wahr", "t", "y"), True),
    **dict.fromkeys(("false", "0", "0.0", "no", "nein", "falsch", "f", "n", "nan", "null", "none"), False),
}
_KINDS: Final = frozenset({"person", "organisation", "bot", "unknown"})


class FilesSettings(SourceSettings):
    """A source of type `files` in listening.yaml, or one `marktecho import`."""

    type: Literal["files"] = "files"
    paths: list[str] = Field(
        min_length=1, description="Files, or patterns such as exports/*.csv, from the folder of the settings on."
    )
    map: dict[str, str] = Field(
        default_factory=dict, description="Which column is which field of a mention; obvious ones are found without."
    )
    preset: Literal["brandwatch", "talkwalker", "meltwater", "x"] | None = Field(
        default=None, description="The tool that wrote the files: its columns are known."
    )
    date_format: str | None = Field(
        default=None, description="How dates are written, as of strptime; default: known forms."
    )
    time_zone: str = Field(default="Europe/Berlin", description="The zone of times that do not name one.")
    html: bool = Field(default=False, description="Whether the text column holds HTML.")
    max_records_per_run: int = Field(default=1_000_000, ge=1, description="The run stops reading after that many rows.")

    @field_validator("paths")
    @classmethod
    def _from_the_settings_folder(cls, paths: list[str], info: ValidationInfo) -> list[str]:
        folder = (info.context or {}).get(FOLDER)
        return [str(folder / Path(path).expanduser()) for path in paths] if folder else paths

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, KeyError):
            raise ValueError(f"'{name}' is no time zone; write one like Europe/Berlin or UTC") from None
        return name

    @field_validator("map")
    @classmethod
    def _known_fields(cls, mapping: dict[str, str]) -> dict[str, str]:
        try:
            return {check_field(name): column for name, column in mapping.items()}
        except UsageError as error:
            raise ValueError(str(error)) from None


@dataclass(frozen=True)
class FilePlan:
    """A file that has been looked at and can be read: its layout, the column of each field, what had to be assumed."""

    layout: Layout
    mapping: dict[str, str]
    notes: tuple[str, ...]


def plan_file(path: Path, settings: FilesSettings) -> FilePlan:
    """Look at a file before anything is written.

    Raises UsageError when it is missing, of an unknown kind, broken, when its columns do not fit the mapping, or when
    none of its dates can be read.
    """
    layout = inspect(path, text_columns(settings.preset) if settings.preset else frozenset())
    rows = sample(layout)
    known = preset_mapping(settings.preset, columns(rows)) if settings.preset else {}
    mapping, guessed = complete({**known, **settings.map}, columns(rows), str(path))
    _check_dates(path, rows, mapping, settings)
    notes = [layout.note] if layout.note else []
    if settings.preset:
        taken = ", ".join(f"{field}={mapping[field]}" for field in known if field in mapping)
        notes.append(f"{path}: taken as {settings.preset} writes them: {taken}.")
    if guessed:
        pairs = ", ".join(f"{field}={column}" for field, column in guessed.items())
        notes.append(f"{path}: taken by their names: {pairs}. Use --map field=column to change that.")
    left_out = [column for column in columns(rows, nested=False) if column not in mapping.values()]
    if left_out:
        notes.append(f"{path}: columns left out: {', '.join(name or repr(name) for name in left_out)}.")
    if "native_id" not in mapping:
        notes.append(f"{path}: no column holds an id; each post is known by its content. Use --map native_id=COLUMN.")
    return FilePlan(layout, mapping, tuple(notes))


def _check_dates(path: Path, rows: list[Row], mapping: dict[str, str], settings: FilesSettings) -> None:
    for name in ("published_at", "edited_at"):
        if name not in mapping:
            continue
        failed: list[str] = []
        for row in rows:
            try:
                if read_time(value_of(row, mapping[name]), ZoneInfo(settings.time_zone), settings.date_format):
                    failed.clear()
                    break
            except UnreadableTime as error:
                failed.append(str(error)[:40])
        if failed:
            raise UsageError(
                f"{path}: no date in column '{mapping[name]}' ({name}) can be read, for example '{failed[0]}'. "
                "Say how dates are written, for example --date-format '%m/%d/%Y %H:%M', or leave the column out with "
                f"--map {name}=."
            )


class FilesConnector(Connector):
    """Reads files row by row. With `plans` exactly these, whatever was read before; else what is new at its paths."""

    settings_type: ClassVar[type[SourceSettings]] = FilesSettings
    waits_for_repair = False  # another mapping reads the file again; until then the next files go on

    def __init__(self, settings: FilesSettings, plans: list[FilePlan] | None = None) -> None:
        self._settings = settings
        self._plans = plans
        self._zone = ZoneInfo(settings.time_zone)
        self._mapping: dict[str, str] = {}

    def fetch(self, cursor: Cursor) -> Iterator[Page]:
        """Yield the rows of new and changed files. The cursor holds what was read of each: its hash and its rows."""
        if self._plans is not None:
            for plan in self._plans:
                for rows, numbers in self._batches(plan, skip=0):
                    yield Page(rows, cursor, row_numbers=numbers)
            return
        known: dict[str, Any] = dict(cursor.get("files", {}))
        paths = self._paths()
        known = {place: entry for place, entry in known.items() if Path(place).exists()}
        problems: list[SourceFailed] = []
        for path in paths:
            try:
                for rows, numbers, entry in self._news(path, known):
                    known = {**known, str(path): entry}
                    yield Page(rows, {"files": known}, row_numbers=numbers)
            except FileNotFoundError:
                problems.append(
                    SourceFailed(Outcome.DOWN, f"{path}: there is no such file. Check `paths` of this source.")
                )
            except UsageError as error:
                problems.append(SourceFailed(Outcome.SCHEMA_DRIFT, str(error)))
        if problems:
            raise SourceFailed(problems[0].outcome, " ".join(str(problem) for problem in problems))

    def _paths(self) -> list[Path]:
        """Name the files that are there, and those that should be."""
        found: dict[Path, None] = {}
        for pattern in self._settings.paths:
            place = str(Path(pattern).expanduser())
            matches = sorted(glob.glob(place, recursive=True)) if glob.has_magic(place) else [place]  # noqa: PTH207
            found.update(dict.fromkeys(Path(match).resolve() for match in matches if not Path(match).is_dir()))
        return list(found)

    def _news(self, path: Path, known: dict[str, Any]) -> Iterator[tuple[list[Record], list[int], dict[str, Any]]]:
        """Yield what of a file has not been read, with what is then known about it."""
        status = path.stat()
        before = known.get(str(path), {})
        entry = {"size": status.st_size, "modified": status.st_mtime_ns, "settings": self._fingerprint()}
        if before.get("done") and all(before.get(name) == value for name, value in entry.items()):
            return
        with path.open("rb") as file:
            entry["hash"] = file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()
        same = ("hash", "settings")
        if any(one.get("done") and all(one[name] == entry[name] for name in same) for one in known.values()):
            yield [], [], {**entry, "rows": 0, "done": True}
            return
        plan = plan_file(path, self._settings)
        for note in plan.notes:
            log.info(note)
        begun = all(before.get(name) == entry[name] for name in same)
        count = before["rows"] if begun else 0
        for rows, numbers in self._batches(plan, skip=count):
            count += len(rows)
            yield rows, numbers, {**entry, "rows": count, "done": False}
        yield [], [], {**entry, "rows": count, "done": True}

    def _batches(self, plan: FilePlan, skip: int) -> Iterator[tuple[list[Any], list[int]]]:
        """Read a planned file; of each row only the mapped columns, so that nothing else gets anywhere."""
        self._mapping = plan.mapping
        wanted = list(dict.fromkeys(plan.mapping.values()))
        text = plan.mapping.get("text")
        self.required_fields = (text,) if text else ()  # type: ignore[misc]
        self.optional_fields = tuple(column for column in wanted if column != text)  # type: ignore[misc]
        self.author_fields = (plan.mapping["author"],) if "author" in plan.mapping else ()  # type: ignore[misc]
        for rows, numbers in batches(plan.layout, ROWS_PER_PAGE, skip=skip):
            yield (
                [
                    row if isinstance(row, UnreadableRow) else {column: value_of(row, column) for column in wanted}
                    for row in rows
                ],
                numbers,
            )

    def _fingerprint(self) -> str:
        chosen = self._settings.model_dump_json(include={"map", "date_format", "time_zone", "html"})
        return blake2b(f"{chosen}{self._settings.preset or ''}".encode(), digest_size=8).hexdigest()

    def to_mention(self, record: Record) -> RawMention:
        """Map a row. Without an id column, or where it is empty, the id is a hash of text, time, author and url."""
        if isinstance(record, UnreadableRow):
            raise BrokenRecord("row", record.reason)
        if self._is_deleted(record):
            return RawMention(native_id=self.native_id(record) or "", text="", deleted=True)
        text = self._words(record, "text")
        if text is None:
            raise BrokenRecord("text", "is missing or empty")
        text = html.unescape(text) if not self._settings.html else text
        kind = self._words(record, "author_kind")
        return RawMention(
            native_id=self.native_id(record) or self._content_id(record),
            text=text,
            url=self._words(record, "url"),
            is_html=self._settings.html,
            author=self._id(record, "author"),
            author_kind=kind if kind in _KINDS else "unknown",  # type: ignore[arg-type]
            language_hint=self._words(record, "language_hint"),
            published_at=self._time(record, "published_at"),
            edited_at=self._time(record, "edited_at"),
            thread=self._id(record, "thread"),
            reply_to=self._id(record, "reply_to"),
            like_count=self._count(record, "like_count"),
            repost_count=self._count(record, "repost_count"),
            reply_count=self._count(record, "reply_count"),
            reach=self._count(record, "reach"),
        )

    def native_id(self, record: Record) -> str | None:
        """The id column's value."""
        return None if isinstance(record, UnreadableRow) else self._id(record, "native_id")

    def _content_id(self, record: Record) -> str:
        parts = [str(self._value(record, name)) for name in ("text", "published_at", "author", "url")]
        return "content-" + blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()

    def _value(self, record: Record, name: str) -> Any:
        column = self._mapping.get(name)
        return None if column is None else value_of(record, column)

    def _is_deleted(self, record: Record) -> bool:
        words = (self._words(record, "deleted") or "false").lower()
        if words not in _FLAGS:
            raise BrokenRecord("deleted", f"'{words[:30]}' is neither true nor false")
        return _FLAGS[words]

    def _words(self, record: Record, name: str) -> str | None:
        value = self._value(record, name)
        if value is None or (isinstance(value, float) and isnan(value)):
            return None
        if isinstance(value, dict | list):
            raise BrokenRecord(name, f"must be text, not {type(value).__name__}")
        return str(value).strip() or None

    def _id(self, record: Record, name: str) -> str | None:
        """An id as text; spreadsheets and data frames turn 848 into 848.0 where other rows have none."""
        words = self._words(record, name)
        return words[:-2] if words and words.endswith(".0") and words[:-2].isdigit() else words

    def _time(self, record: Record, name: str) -> Any:
        try:
            return read_time(self._value(record, name), self._zone, self._settings.date_format)
        except UnreadableTime as error:
            raise BrokenRecord(name, f"'{str(error)[:60]}' is no date in a known form") from None

    def _count(self, record: Record, name: str) -> int | None:
        """A count as a whole number; data frames write 3.0 for 3 where other rows have none."""
        words = self._words(record, name)
        if words is None or words.lower() in ("nan", "null", "none"):
            return None
        try:
            return int(words.removesuffix(".0"))
        except ValueError:
            raise BrokenRecord(name, f"'{words[:30]}' is no whole number") from None
