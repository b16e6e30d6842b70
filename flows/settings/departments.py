"""Who should see which post: routing rules, with defaults for six departments (defaults/departments.yaml)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any, Literal

import yaml
from pydantic import ConfigDict, Field

from flows.settings.entities import EntityKind
from flows.settings.fields import Label, Part, QueryField, Sentiment, Slug, in_language
from models.reading import INTENTS

Intent = Literal[
    "complaint",
    "praise",
    "question",
    "purchase_interest",
    "switching",
    "feature_request",
    "recommendation_request",
    "employer",
    "news",
    "other",
]


class DepartmentRule(Part):
    """Posts that a department should see. All conditions must hold; a department's first rule that fits counts."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    id: Slug = Field(description="Stands in the queue with the post.")
    department: Slug = Field(description="Who should see it: sales, marketing, product, support, pr, hr or your own.")
    intents: tuple[Intent, ...] | None = Field(
        default=None, description=f"Any of {', '.join(INTENTS)}; without it any intent."
    )
    aspects: tuple[Slug, ...] | None = Field(default=None, description="Any of these aspects; without it any or none.")
    sentiments: tuple[Sentiment, ...] | None = Field(
        default=None, description="negative, neutral, positive; without it any."
    )
    entity_kinds: tuple[EntityKind, ...] | None = Field(
        default=None, description="company, competitor, product, market; without it any."
    )
    query: QueryField | None = Field(
        default=None, description="Watch words: a query that the post meets (docs/reference/queries.md)."
    )
    min_reach: int | None = Field(default=None, ge=0, description="Smallest reach; posts of unknown reach do not fit.")
    priority: int = Field(default=3, ge=1, le=4, description="1 (at once) to 4 (when there is time).")
    due_hours: int = Field(default=72, ge=1, le=24 * 365, description="Hours from publication to an answer.")
    reason: Label = Field(description="Why the department gets it; also `{de: ..., en: ...}`.")


@cache
def _defaults() -> list[dict[str, Any]]:
    file = resources.files("flows.settings") / "defaults" / "departments.yaml"
    rules: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return rules


def choose(rules: Any, aspect_ids: set[str], language: str) -> Any:
    """Fill in the default rules when none are given, without aspects that are not listened for."""
    if rules is None:
        rules = [_with_known_aspects(rule, aspect_ids) for rule in _defaults()]
        rules = [rule for rule in rules if rule.get("aspects") != []]
    if not isinstance(rules, list | tuple):
        return rules
    return [
        rule | {"reason": in_language(rule["reason"], language)}
        if isinstance(rule, dict) and "reason" in rule
        else rule
        for rule in rules
    ]


def _with_known_aspects(rule: dict[str, Any], aspect_ids: set[str]) -> dict[str, Any]:
    if "aspects" not in rule:
        return rule
    return rule | {"aspects": [aspect for aspect in rule["aspects"] if aspect in aspect_ids]}
