"""From a file to settings, or to the list of everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from flows.queries import QueryError
from flows.settings.access import Access
from flows.settings.checks import check
from flows.settings.document import Document, parse_document, read_document
from flows.settings.model import Settings
from flows.settings.problems import Path, Problem, SettingsError
from flows.settings.sources import validate_source
from flows.settings.wording import describe
from flows.sources.base import SourceSettings
from flows.sources.registry import connector_types

P = TypeVar("P", bound=BaseModel)
_CAUSES = ("do not belong in this file.", "not part of the query.")


def load_settings(path: FilePath | str) -> Settings:
    """Read and check listening.yaml.

    Raises SettingsError (exit code 2) with every problem: file, line, field, what is wrong, what to do.
    """
    return _settings(read_document(FilePath(path)))


def load_access(path: FilePath) -> Access:
    """Read only the section `access` of a settings file: the page heeds a change of it while it runs.

    Raises SettingsError with everything that is wrong with the section, or when the file cannot be read.
    """
    document = read_document(path)
    if document.problems or not isinstance(document.data, dict):
        raise SettingsError(document.file, document.problems or [Problem(1, 0, "", "is no settings file.", "")])
    try:
        return Access.model_validate(document.data.get("access") or {})
    except ValidationError as error:
        raise SettingsError(document.file, list(_problems(document, error.errors(), Access, ("access",)))) from None


def load_part(path: FilePath, part: type[P]) -> P:
    """Read and check another YAML file of one group of settings, such as a survey's codebook.

    Raises SettingsError (exit code 2) with every problem, as `load_settings` does.
    """
    document = read_document(path)
    problems = list(document.problems)
    try:
        read = part.model_validate(document.data)
    except ValidationError as error:
        problems += _problems(document, error.errors(), part)
    if problems:
        raise SettingsError(document.file, _only_causes(problems))
    return read


def parse_settings(text: str, file: str = "listening.yaml") -> Settings:
    """Check settings given as YAML text; `file` is its name in messages. Raises SettingsError."""
    return _settings(parse_document(text, file))


def _settings(document: Document) -> Settings:
    if not isinstance(document.data, dict):
        wrong = "the file must consist of keys and values, such as `company:` with its id, name and query below it."
        raise SettingsError(document.file, [Problem(1, 0, "", wrong, "Copy the example listening.yaml and edit it.")])
    problems = [*document.problems, *check(document)]
    data = dict(document.data)
    if isinstance(data.get("sources"), list):
        data["sources"], source_problems = _sources(document, data["sources"])
        problems += source_problems
    try:
        settings = Settings.model_validate(data)
    except ValidationError as error:
        problems += _problems(document, error.errors(), Settings)
    if problems:
        raise SettingsError(document.file, _only_causes(problems))
    return settings


def _sources(document: Document, entries: list[Any]) -> tuple[list[SourceSettings], list[Problem]]:
    """Check each source by its own type, so that every problem in it keeps its line."""
    sources: list[SourceSettings] = []
    problems: list[Problem] = []
    folder = FilePath(document.file).resolve().parent
    for number, entry in enumerate(entries):
        path: Path = ("sources", number)
        try:
            sources.append(validate_source(entry, folder))
        except ValidationError as error:
            model = connector_types()[entry["type"]].settings_type
            problems += _problems(document, error.errors(), model, path)
        except PydanticCustomError as error:
            known: ErrorDetails = {"type": error.type, "loc": (), "msg": "", "input": entry, "ctx": error.context or {}}
            problems += _problems(document, [known], SourceSettings, path)
    return sources, problems


def _problems(
    document: Document, errors: Iterable[ErrorDetails], model: type[BaseModel], prefix: Path = ()
) -> Iterator[Problem]:
    seen: set[Path] = set()
    for error in errors:
        path = (*prefix, *_within(document, prefix, error))
        is_alternative = any(isinstance(step, str) and step not in path for step in error["loc"])
        if is_alternative and (path in seen or (error["type"] == "string_type" and isinstance(error["input"], dict))):
            continue
        seen.add(path)
        query_error = error.get("ctx", {}).get("error")
        if isinstance(query_error, QueryError):
            yield _query_problem(document, path, query_error)
            continue
        wrong, remedy = describe(error, model, path[len(prefix) :])
        if path in document.empty:
            wrong = "is empty."
        yield Problem(document.line(path), 0, document.name(path), wrong, remedy)


def _within(document: Document, prefix: Path, error: ErrorDetails) -> Path:
    """The part of pydantic's location that names places of the file: it adds names of types to it.

    A value that may be of several types has an error for each; only the first of them is told, and for a group of keys
    not that it is no text.
    """
    path: Path = ()
    for number, step in enumerate(error["loc"], 1):
        is_missing = error["type"] == "missing" and number == len(error["loc"])
        if is_missing or (*prefix, *path, step) in document.lines:
            path = (*path, step)
    return path


def _query_problem(document: Document, path: Path, error: QueryError) -> Problem:
    line, column = document.locate(path, error.position) if path in document.scalars else (document.line(path), 0)
    wrong = f"column {error.column} of the query: {error.problem}"
    return Problem(line, column, document.name(path), wrong, error.remedy, error.excerpt())


def _only_causes(problems: list[Problem]) -> list[Problem]:
    """Where the cause is known (a secret in the file, a query cut off by #), drop what follows from it.

    This also keeps messages of connectors from repeating a secret.
    """
    causes = [problem for problem in problems if problem.wrong.endswith(_CAUSES)]
    fields = {cause.field for cause in causes}
    others = [
        problem
        for problem in problems
        if problem not in causes and not (problem.field and any(field.startswith(problem.field) for field in fields))
    ]
    first_causes = {(cause.line, cause.field): cause for cause in reversed(causes)}
    return [*first_causes.values(), *dict.fromkeys(others)]
