"""What customers talk about: own aspects, and defaults for each industry (defaults/aspects/)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml
from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from flows.settings.fields import Label, Part, Slug, Text, in_language

GENERIC = "generic"


class Aspect(Part):
    """A subject, found in posts by meaning: the more its examples sound like customers, the better."""

    id: Slug = Field(description="Stands in the tables as `aspect_id`; never change it.")
    name: Label = Field(description="The name in summaries; also `{de: ..., en: ...}`.")
    description: Text = Field(description="One sentence on what belongs to it; also `{de: ..., en: ...}`.")
    examples: tuple[Label, ...] = Field(
        default=(), max_length=50, description="How customers say it; a list, or `{de: [...], en: [...]}`."
    )

    @model_validator(mode="before")
    @classmethod
    def _is_known_default(cls, data: Any) -> Any:
        if isinstance(data, str):
            raise PydanticCustomError(
                "unknown_default", "{wanted} is not a default aspect", {"wanted": data, "known": sorted(catalogue())}
            )
        return data

    @field_validator("examples", mode="before")
    @classmethod
    def _of_both_languages(cls, value: Any) -> Any:
        if isinstance(value, dict) and value and set(value) <= {"de", "en"}:
            lists = [value[language] for language in ("de", "en") if isinstance(value.get(language), list)]
            return [example for examples in lists for example in examples]
        return value


def industries() -> list[str]:
    """Industries with default aspects of their own, `generic` among them."""
    folder = resources.files("flows.settings") / "defaults" / "aspects"
    return sorted(file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml"))


@cache
def _definitions(industry: str) -> dict[str, dict[str, Any]]:
    file = resources.files("flows.settings") / "defaults" / "aspects" / f"{industry}.yaml"
    definitions: dict[str, dict[str, Any]] = {}
    for entry in yaml.safe_load(file.read_text(encoding="utf-8")):
        definition = _definitions(GENERIC)[entry] if isinstance(entry, str) else entry
        definitions[definition["id"]] = definition
    return definitions


@cache
def catalogue() -> dict[str, dict[str, Any]]:
    """Every default aspect by id; the generic definition where several industries have one."""
    found: dict[str, dict[str, Any]] = {}
    for industry in [GENERIC, *industries()]:
        found = _definitions(industry) | found
    return found


def choose(entries: Any, industry: Any, language: str) -> Any:
    """Fill in defaults before validation.

    Takes what stands under `aspects:` (None: nothing) and returns definitions: those of the industry when nothing
    stands there; the industry's, else any default of that id, for an entry that is only an id.
    """
    known = _definitions(industry) if industry in industries() else _definitions(GENERIC)
    if entries is None:
        entries = list(known)
    if not isinstance(entries, list | tuple):
        return entries
    chosen = []
    for entry in entries:
        definition = (known.get(entry) or catalogue().get(entry) or entry) if isinstance(entry, str) else entry
        if isinstance(definition, dict):
            definition = {
                key: in_language(value, language) if key != "examples" else value for key, value in definition.items()
            }
        chosen.append(definition)
    return chosen


def default_aspects() -> tuple[Aspect, ...]:
    """The aspects of settings that name neither aspects nor industry nor language."""
    return tuple(Aspect.model_validate(definition) for definition in choose(None, GENERIC, "de"))


def ids_of(definitions: Any) -> set[str]:
    """Ids of definitions that are not validated yet."""
    entries = definitions if isinstance(definitions, list) else []
    return {entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)}
