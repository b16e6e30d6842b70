"""What must hold between parts of listening.yaml: unique ids, and references to things that are there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from flows.settings import departments
from flows.settings.aspects import choose, ids_of
from flows.settings.document import Document
from flows.settings.problems import Path, Problem
from flows.settings.secrets import holds_secret
from flows.settings.wording import ENVIRONMENT, did_you_mean
from flows.sources.registry import connector_types


def check(document: Document) -> Iterator[Problem]:
    """Find what no single field can know. Values of the wrong kind are left to the types."""
    data = document.data if isinstance(document.data, dict) else {}
    yield from _unique(document, list(_ids(data, ("company", "competitors", "products", "industry"))))
    for group in ("aspects", "departments", "rules"):
        yield from _unique(document, list(_ids(data, (group,))))
    sources = list(_sources(data))
    yield from _unique(document, sources, remedy="Give one of them another name: `name: ...`")
    yield from _references(document, data, {name for name, _ in sources})
    yield from _accounts(document, data)
    yield from _cut_off(document)
    yield from _secrets(document, data, ())


def _ids(data: dict[str, Any], groups: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    for group in groups:
        value = data.get(group)
        entries = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, entry in entries:
            path: Path = (group,) if index is None else (group, index)
            if isinstance(entry, str) and index is not None:
                yield entry, path
            elif isinstance(entry, dict) and isinstance(entry.get("id"), str) and _is_listed(group, entry):
                yield entry["id"], (*path, "id")


def _is_listed(group: str, entry: dict[str, Any]) -> bool:
    """Whether it becomes a row of its own; an industry does so only with a query."""
    return group != "industry" or "query" in entry


def _sources(data: dict[str, Any]) -> Iterator[tuple[str, Path]]:
    entries = data.get("sources")
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            key = "name" if entry.get("name") else "type"
            if isinstance(entry.get(key), str):
                yield entry[key], ("sources", index, key)


def _unique(
    document: Document, ids: list[tuple[str, Path]], remedy: str = "Give one of them another id."
) -> Iterator[Problem]:
    first: dict[str, Path] = {}
    for name, path in ids:
        if name in first:
            wrong = f"'{name}' is taken already (line {document.line(first[name])})."
            yield Problem(document.line(path), 0, document.name(path), wrong, remedy)
        first.setdefault(name, path)


def _references(document: Document, data: dict[str, Any], sources: set[str]) -> Iterator[Problem]:
    yield from _retention(document, data, {*sources, "default"})
    yield from _access(document, data)
    industry = data.get("industry")
    known = ids_of(choose(data.get("aspects"), industry.get("id") if isinstance(industry, dict) else None, "de"))
    departments = data.get("departments")
    for number, rule in enumerate(departments if isinstance(departments, list) else ()):
        wanted = rule.get("aspects") if isinstance(rule, dict) else None
        for index, aspect in enumerate(wanted if isinstance(wanted, list) else ()):
            if isinstance(aspect, str) and aspect not in known:
                path: Path = ("departments", number, "aspects", index)
                remedy = did_you_mean(aspect, known)
                wrong = f"there is no aspect with the id '{aspect}'."
                yield Problem(document.line(path), 0, document.name(path[:-1]), wrong, remedy)


def _accounts(document: Document, data: dict[str, Any]) -> Iterator[Problem]:
    known = connector_types()
    competitors = data.get("competitors")
    places: list[tuple[Any, Path]] = [(data.get("company"), ("company",))]
    places += [(one, ("competitors", i)) for i, one in enumerate(competitors if isinstance(competitors, list) else ())]
    for business, path in places:
        accounts = business.get("accounts") if isinstance(business, dict) else None
        for platform in accounts if isinstance(accounts, dict) else ():
            if platform not in known:
                place: Path = (*path, "accounts", platform)
                wrong = f"'{platform}' is not a type of source."
                yield Problem(document.line(place), 0, document.name(place), wrong, did_you_mean(platform, known))


def _retention(document: Document, data: dict[str, Any], known: set[str]) -> Iterator[Problem]:
    """Find misspelt sources. Others may be names of imports, which the file does not list."""
    retention = data.get("retention")
    for source in retention if isinstance(retention, dict) else ():
        if source not in known and difflib.get_close_matches(source, known, cutoff=0.8):
            path: Path = ("retention", source)
            wrong = f"there is no source named '{source}'."
            yield Problem(document.line(path), 0, document.name(path), wrong, did_you_mean(source, known))


def _access(document: Document, data: dict[str, Any]) -> Iterator[Problem]:
    """Find departments to which no rule sends anything."""
    access = data.get("access")
    named = access.get("departments") if isinstance(access, dict) else None
    rules = departments.choose(data.get("departments"), set(), "de")
    known = {rule.get("department") for rule in rules if isinstance(rule, dict)} if isinstance(rules, list) else set()
    for department in named if isinstance(named, dict) else ():
        if department not in known:
            path: Path = ("access", "departments", department)
            wrong = f"no rule sends anything to a department '{department}'."
            remedy = did_you_mean(str(department), {str(name) for name in known})
            yield Problem(document.line(path), 0, document.name(path), wrong, remedy)


def _cut_off(document: Document) -> Iterator[Problem]:
    """Find queries whose hashtag YAML takes for the start of a comment."""
    lines = document.text.split("\n")
    for path, node in document.scalars.items():
        end = node.end_mark
        comment = re.match(r"\s*#\w", lines[end.line][end.column :]) if end.line < len(lines) else None
        if path[-1] == "query" and node.style is None and comment:
            yield Problem(
                end.line + 1,
                end.column + comment.end() - 1,
                document.name(path),
                "what stands after # is a comment for YAML and not part of the query.",
                "Put the whole query in single quotes: '#zara OR zara'",
            )


def _secrets(document: Document, value: Any, path: Path) -> Iterator[Problem]:
    if isinstance(value, str) and holds_secret(value):
        wrong = "this looks like a secret; secrets do not belong in this file."
        yield Problem(document.line(path), 0, document.name(path), wrong, ENVIRONMENT)
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from _secrets(document, child, (*path, key))
