"""Say what pydantic found in the words of whoever edits listening.yaml."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from flows.settings.problems import Path
from flows.settings.secrets import names_secret

ENVIRONMENT = (
    "Put the secret into an environment variable and write the variable's name here, for example MASTODON_TOKEN"
)
_SLUG = "^[a-z0-9]"
_LIMITS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "string_too_short": "at least {min_length} characters long",
    "string_too_long": "at most {max_length} characters long",
    "too_long": "at most {max_length} entries",
    "too_short": "at least {min_length} entries",
}
_KINDS = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list (a line for each entry, starting with -)",
    "tuple": "a list (a line for each entry, starting with -)",
    "dict": "a group of keys and values, indented below it",
    "model": "a group of keys and values, indented below it",
    "url": "a web address, such as https://example.com",
}


def describe(error: ErrorDetails, root: type[BaseModel], path: Path) -> tuple[str, str]:
    """Return what is wrong and what to do about one of pydantic's errors at `path` of the model `root`."""
    kind, context, value = error["type"], error.get("ctx", {}), error.get("input")
    if kind in _SPECIAL:
        return _SPECIAL[kind](context, value)
    if kind == "missing":
        return "is missing.", f"Add a line `{path[-1]}: ...`{_purpose(root, path)}"
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), known_keys(root, path[:-1]))
    if kind in _LIMITS:
        return f"must be {_LIMITS[kind].format_map(context)}, and is {_shown(value)}.", "Change it."
    if kind in {"literal_error", "enum"}:
        return f"{_shown(value)} is not one of {context['expected']}.", _did_you_mean(str(value), _options(context))
    if kind == "string_pattern_mismatch" and str(context.get("pattern", "")).startswith(_SLUG):
        return (
            f"{_shown(value)} cannot be an id.",
            "Use lower-case letters, digits, - and _, without spaces or umlauts.",
        )
    if kind == "string_pattern_mismatch":
        return f"{_shown(value)} does not have the form that is expected here.", f"Change it{_purpose(root, path)}"
    if kind in {"value_error", "assertion_error"}:
        return error["msg"].partition(", ")[2], ""
    for prefix, wanted in _KINDS.items():
        if kind.startswith(prefix):
            return f"must be {wanted}, and is {_shown(value)}.", _quote(value) if prefix == "string" else "Change it."
    return f"{error['msg']}.", "See docs/reference/settings.md."


def _unknown_key(key: str, known: Iterable[str]) -> tuple[str, str]:
    known = sorted(known)
    close = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    remedy = f"Did you mean {close[0]}?" if close else f"Known keys here: {', '.join(known)}."
    return "is not a known key.", f"{remedy} {ENVIRONMENT}." if names_secret(key) else remedy


def did_you_mean(wanted: str, known: Iterable[str]) -> str:
    """Return a remedy that names the closest of the known words, or all of them."""
    known = sorted(known)
    close = difflib.get_close_matches(wanted.lower(), known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(known) or 'none'}."


def _did_you_mean(wanted: str, known: list[str]) -> str:
    close = difflib.get_close_matches(wanted.lower(), known, n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else "Choose one of these."


def _options(context: Mapping[str, Any]) -> list[str]:
    return [option.strip(" '") for option in str(context["expected"]).replace(" or ", ",").split(",")]


def _shown(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case str():
            return f"'{value[:60]}…'" if len(value) > 60 else f"'{value}'"
        case dict():
            return "a group of keys"
        case list() | tuple():
            return "a list"
        case _:
            return str(value)


def _quote(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return f"Put it in quotation marks: '{_shown(value)}'"
    return "Change it."


def _purpose(root: type[BaseModel], path: Path) -> str:
    model = _model_at(root, path[:-1])
    for name, field in model.model_fields.items() if model else ():
        if path[-1] in {name, field.alias} and field.description:
            return f" ({field.description.rstrip('.')})."
    return "."


def known_keys(root: type[BaseModel], path: Path) -> list[str]:
    """Keys that may stand in the group at `path`."""
    model = _model_at(root, path)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _model_at(root: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Follow keys and list indices through the types of the fields."""
    current: Any = root
    for step in path:
        if isinstance(step, int):
            continue
        fields = current.model_fields if isinstance(current, type) and issubclass(current, BaseModel) else {}
        field = next((field for name, field in fields.items() if step in {name, field.alias}), None)
        if field is None:
            return None
        current = _inner_model(field.annotation)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _inner_model(annotation: Any) -> Any:
    if (
        isinstance(annotation, type)
        and not isinstance(annotation, types.GenericAlias)
        and issubclass(annotation, BaseModel)
    ):
        return annotation
    found = (_inner_model(argument) for argument in typing.get_args(annotation))
    return next((model for model in found if model is not None), None)


def _unknown_source(context: Mapping[str, Any], value: Any) -> tuple[str, str]:
    given = value.get("type") if isinstance(value, dict) else None
    known = ", ".join(context["known"])
    if given is None:
        return "type is missing.", f"Add `type:` with one of {known}."
    return (
        f"{_shown(given)} is not a known source type.",
        f"{did_you_mean(str(given), context['known'])} Known: {known}.",
    )


_SPECIAL: dict[str, Any] = {
    "unknown_source": _unknown_source,
    "not_a_variable": lambda context, value: (
        "must be the name of an environment variable (capitals, digits and _); secrets do not belong in this file.",
        ENVIRONMENT + ".",
    ),
    "time_zone": lambda context, value: (
        f"{_shown(value)} is not a time zone.",
        next(
            (f"Did you mean {zone}?" for zone in difflib.get_close_matches(str(value), available_timezones(), n=1)),
            "Write for example Europe/Berlin, Europe/Vienna or Europe/Zurich.",
        ),
    ),
    "schedule": lambda context, value: (
        f"{_shown(value)} is neither a time nor a cron expression.",
        "Write HH:MM such as 04:00, or five cron fields such as 0 4 * * 1-5",
    ),
    "unknown_default": lambda context, value: (
        f"{_shown(value)} is not the id of a default aspect.",
        did_you_mean(str(value), context["known"]) + " An aspect of your own needs id, name, description and examples.",
    ),
}
