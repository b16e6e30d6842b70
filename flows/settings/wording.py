"""Say what pydantic found in the words of whoever edits listening.yaml."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from flows.settings.problems import Path
from flows.settings.secrets import names_secret

ENVIRONMENT = (
    "Put the secret into an environment variable and write the variable's name here, for example MASTODON_TOKEN."
)
_LIMITS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "string_too_short": "at least {min_length} characters long",
    "string_too_long": "at most {max_length} characters long",
    "too_long": "a list of at most {max_length} entries",
    "too_short": "a list of at least {min_length} entries",
}
_LIST = "a list (a line for each entry, starting with -)"
_GROUP = "a group of keys and values, indented below it"
_KINDS = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": _LIST,
    "tuple": _LIST,
    "dict": _GROUP,
    "model": _GROUP,
    "url": "a web address, such as https://example.com",
}


@dataclass(frozen=True)
class _Found:
    """One of pydantic's errors, at `path` of the model `root`."""

    error: ErrorDetails
    root: type[BaseModel]
    path: Path

    @property
    def context(self) -> dict[str, Any]:
        return self.error.get("ctx", {})

    @property
    def shown(self) -> str:
        return _shown(self.error.get("input"))

    @property
    def text(self) -> str:
        return str(self.error.get("input"))


Wording = tuple[str, str]
"""What is wrong, and what to do."""


def describe(error: ErrorDetails, root: type[BaseModel], path: Path) -> Wording:
    """Return what is wrong and what to do about one of pydantic's errors at `path` of the model `root`."""
    found = _Found(error, root, path)
    kind = error["type"]
    if kind in _SAYINGS:
        return _SAYINGS[kind](found)
    if kind in _LIMITS:
        return f"must be {_LIMITS[kind].format_map(found.context)}, and is {found.shown}.", "Change it."
    for prefix, wanted in _KINDS.items():
        if kind.startswith(prefix):
            return f"must be {wanted}, and is {found.shown}.", _quote(prefix, error.get("input"))
    return f"{error['msg']}.", "See docs/reference/settings.md."


def did_you_mean(wanted: str, known: Iterable[str], otherwise: str | None = None) -> str:
    """Return a remedy that names the closest of the known words; without one `otherwise`, or all of them."""
    known = sorted(known)
    by_folded = {word.lower(): word for word in known}
    close = difflib.get_close_matches(wanted.lower(), by_folded, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {by_folded[close[0]]}?"
    return otherwise or f"Known: {', '.join(known) or 'none'}."


def known_keys(root: type[BaseModel], path: Path) -> list[str]:
    """Keys that may stand in the group at `path`."""
    model = _model_at(root, path)
    return sorted(field.alias or name for name, field in model.model_fields.items()) if model else []


def _missing(found: _Found) -> Wording:
    return "is missing.", f"Add a line `{found.path[-1]}: ...`{_purpose(found)}"


def _unknown_key(found: _Found) -> Wording:
    key, known = str(found.path[-1]), known_keys(found.root, found.path[:-1])
    remedy = did_you_mean(key, known, f"Known keys here: {', '.join(known)}.")
    return "is not a known key.", f"{remedy} {ENVIRONMENT}" if names_secret(key) else remedy


def _wrong_choice(found: _Found) -> Wording:
    expected = str(found.context["expected"])
    options = [option.strip(" '") for option in expected.replace(" or ", ",").split(",")]
    return f"{found.shown} is not one of {expected}.", did_you_mean(found.text, options, "Choose one of these.")


def _wrong_form(found: _Found) -> Wording:
    if str(found.context.get("pattern", "")).startswith("^[a-z0-9]"):
        return f"{found.shown} cannot be an id.", "Use small letters, digits, - and _, without spaces and umlauts."
    return f"{found.shown} does not have the form that is expected here.", f"Change it{_purpose(found)}"


def _own_words(found: _Found) -> Wording:
    """Validators of connectors say themselves what is wrong and what to do; pydantic puts `Value error, ` before it."""
    return found.error["msg"].partition(", ")[2], ""


def _unknown_source(found: _Found) -> Wording:
    entry, known = found.error["input"], found.context["known"]
    if "type" not in entry:
        return "type is missing.", f"Add `type:` with one of {', '.join(known)}."
    remedy = f"{did_you_mean(str(entry['type']), known, 'Choose another.')} Known types: {', '.join(known)}."
    return f"{_shown(entry['type'])} is not a known source type.", remedy


def _no_variable(found: _Found) -> Wording:
    wrong = "must be the name of an environment variable (capitals, digits and _); secrets do not belong in this file."
    return wrong, ENVIRONMENT


def _unknown_zone(found: _Found) -> Wording:
    otherwise = "Write for example Europe/Berlin, Europe/Vienna or Europe/Zurich."
    return f"{found.shown} is not a time zone.", did_you_mean(found.text, available_timezones(), otherwise)


def _wrong_schedule(found: _Found) -> Wording:
    wrong = f"{found.shown} is neither a time nor a cron expression."
    return wrong, "Write HH:MM such as 04:00, or five cron fields such as 0 4 * * 1-5."


def _wrong_span(found: _Found) -> Wording:
    return f"{found.shown} is not a span of hours.", "Write it like 20:00-07:00, in the time_zone of this file."


def _unknown_default(found: _Found) -> Wording:
    remedy = did_you_mean(found.text, found.context["known"])
    own = "An aspect of your own needs id, name, description and examples."
    return f"{found.shown} is not the id of a default aspect.", f"{remedy} {own}"


def _no_weight(found: _Found) -> Wording:
    return "all weights are 0.", "Give at least one component a weight above 0."


_SAYINGS: dict[str, Callable[[_Found], Wording]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "literal_error": _wrong_choice,
    "enum": _wrong_choice,
    "string_pattern_mismatch": _wrong_form,
    "value_error": _own_words,
    "assertion_error": _own_words,
    "unknown_source": _unknown_source,
    "not_a_variable": _no_variable,
    "time_zone": _unknown_zone,
    "schedule": _wrong_schedule,
    "quiet_hours": _wrong_span,
    "unknown_default": _unknown_default,
    "no_weight": _no_weight,
}


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
    return str(value)


def _quote(kind: str, value: Any) -> str:
    if kind == "string" and isinstance(value, bool | int | float):
        return f"Put it in quotation marks: '{_shown(value)}'"
    return "Change it."


def _purpose(found: _Found) -> str:
    """The field's description, as the end of a sentence."""
    model = _model_at(found.root, found.path[:-1])
    for name, field in model.model_fields.items() if model else ():
        if found.path[-1] in {name, field.alias} and field.description:
            return f" ({field.description.rstrip('.')})."
    return "."


def _model_at(root: type[BaseModel], path: Path) -> type[BaseModel] | None:
    """Follow keys and list indices through the types of the fields."""
    current: type[BaseModel] | None = root
    for step in path:
        if current is None or isinstance(step, int):
            continue
        fields = current.model_fields.items()
        field = next((field for name, field in fields if step in {name, field.alias}), None)
        current = _inner_model(field.annotation) if field else None
    return current


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if typing.get_origin(annotation) is None:
        return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
    return next(filter(None, map(_inner_model, typing.get_args(annotation))), None)
