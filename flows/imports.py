"""`marktecho import`: files of other tools into landing, checked as a whole before anything is written."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from flows.errors import UsageError
from flows.files.mapping import parse_assignments
from flows.ingest import SourceRun, land
from flows.night import Night
from flows.sources.files import FilePlan, FilesConnector, FilesSettings, plan_file


@dataclass(frozen=True)
class ImportPlan:
    """Files that can be imported. `notes` is what was assumed about them, to be shown to the user."""

    settings: FilesSettings
    files: tuple[FilePlan, ...]

    @property
    def notes(self) -> list[str]:
        """What was assumed: guessed columns, encodings, missing ids."""
        return [note for file in self.files for note in file.notes]


def plan_import(
    paths: Iterable[Path | str],
    source: str,
    mapping: Iterable[str] = (),
    *,
    preset: str | None = None,
    date_format: str | None = None,
    time_zone: str = "Europe/Berlin",
    html: bool = False,
) -> ImportPlan:
    """Look at files before an import; writes nothing.

    `mapping` holds `field=column` pairs; what they leave open is as the `preset` says, else guessed from the columns'
    names (`field=` leaves a field out). Raises UsageError, naming file and place, for anything that makes the import
    impossible.
    """
    names = [str(path) for path in paths]
    if not names:
        raise UsageError("Name at least one file to import.")
    try:
        settings = FilesSettings(
            name=source,
            paths=names,
            map=parse_assignments(mapping),
            preset=preset,  # type: ignore[arg-type]  # checked by the settings
            date_format=date_format,
            time_zone=time_zone,
            html=html,
            max_records_per_run=sys.maxsize,
        )
    except ValidationError as error:
        first = error.errors()[0]
        option = {"name": "--source", "time_zone": "--time-zone", "preset": "--preset"}.get(
            str(first["loc"][0]), str(first["loc"][0])
        )
        hint = " Use lower-case letters, digits, - and _." if option == "--source" else ""
        raise UsageError(f"{option} {first['input']}: {first['msg'].removeprefix('Value error, ')}.{hint}") from None
    return ImportPlan(settings, tuple(plan_file(Path(name), settings) for name in dict.fromkeys(names)))


def import_files(night: Night, plan: ImportPlan) -> SourceRun:
    """Land the files of a plan as one source; doing so again changes nothing. See `flows.ingest.land`."""
    return land(night, FilesConnector(plan.settings, list(plan.files)), plan.settings)
