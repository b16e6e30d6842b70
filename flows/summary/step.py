"""The night's last step: say what it found."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from flows.home import Home
from flows.night import Night
from flows.published import open_published
from flows.summary.facts import Facts, gather
from flows.summary.words import INTENTS, LEAD_KINDS, WORDS

LATEST = "latest.json"
NONE_FAILED: Mapping[str, str] = MappingProxyType({})
Rows = list[tuple[str, ...]]


@dataclass(frozen=True)
class Section:
    """A heading and a table under it; `rows` hold text ready to print."""

    heading: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    is_quoting: bool = False
    """Whether the last column quotes posts."""


@dataclass(frozen=True)
class NightSummary:
    """What a night found, ready to print."""

    run_id: str
    title: str
    headlines: list[str]
    sections: list[Section]
    quality: str

    def as_dict(self) -> dict[str, Any]:
        """The summary as plain values, for scripts."""
        return asdict(self)

    def as_markdown(self, *, with_quotes: bool = True) -> str:
        """The summary as Markdown; text of posts cannot break out of its table cell, or is left out."""
        parts = [f"# {self.title}", "\n".join(f"- {_cell(line)}" for line in self.headlines)]
        for section in self.sections:
            width = len(section.columns) - (section.is_quoting and not with_quotes)
            rows = [row[:width] for row in (section.columns, tuple("---" for _ in section.columns), *section.rows)]
            lines = "\n".join("| " + " | ".join(_cell(value) for value in row) + " |" for row in rows)
            parts.append(f"## {section.heading}\n\n{lines}")
        return "\n\n".join([*parts, self.quality, f"Run {self.run_id}"]) + "\n"

    def as_text(self) -> str:
        """The summary as aligned plain text."""
        parts = [self.title, "\n".join(f"  - {line}" for line in self.headlines)]
        for section in self.sections:
            rows = [section.columns, *section.rows]
            widths = [max(len(row[column]) for row in rows) for column in range(len(section.columns))]
            lines = ("  ".join(value.ljust(width) for value, width in zip(row, widths, strict=True)) for row in rows)
            parts.append("\n".join([section.heading, *("  " + line.rstrip() for line in lines)]))
        return "\n\n".join([*parts, self.quality])


def summarise(night: Night, failed_channels: Mapping[str, str] = NONE_FAILED) -> NightSummary:
    """Summarise the published night into `reports/`; under Prefect also as artifacts (a table and a Markdown page).

    `failed_channels` are those that did not take their messages, with the reason.
    """
    with open_published(night.home) as marts:
        summary = _write(night, gather(marts, night.run_id), failed_channels)
    night.home.reports.mkdir(parents=True, exist_ok=True)
    markdown = summary.as_markdown()
    (night.home.reports / f"night-{night.run_id}.md").write_text(markdown, encoding="utf-8")
    (night.home.reports / LATEST).write_text(json.dumps(summary.as_dict(), ensure_ascii=False), encoding="utf-8")
    from prefect.artifacts import create_markdown_artifact, create_table_artifact
    from prefect.context import TaskRunContext

    if TaskRunContext.get():
        # what Prefect keeps cannot be taken out of a running server: no post gets into it
        create_markdown_artifact(summary.as_markdown(with_quotes=False), key="night", description=summary.title)
        sources = summary.sections[-1]
        create_table_artifact(
            [dict(zip(sources.columns, row, strict=True)) for row in sources.rows],
            key="sources",
            description=summary.title,
        )
    return summary


def latest_summary(home: Home) -> NightSummary:
    """The summary that the last night wrote. Raises FileNotFoundError when there was none."""
    content = json.loads(Path(home.reports / LATEST).read_text(encoding="utf-8"))
    sections = [
        Section(**one | {"columns": tuple(one["columns"]), "rows": [tuple(row) for row in one["rows"]]})
        for one in content["sections"]
    ]
    return NightSummary(content["run_id"], content["title"], content["headlines"], sections, content["quality"])


def _write(night: Night, facts: Facts, failed_channels: Mapping[str, str]) -> NightSummary:
    words: dict[str, Any] = WORDS[night.settings.language]
    nothing = words["nothing"]
    aspects = {aspect.id: aspect.name for aspect in night.settings.aspects}
    intents = INTENTS[night.settings.language]
    day = night.as_of.astimezone(ZoneInfo(night.settings.time_zone)).date()
    trends: Rows = [(words["severities"][row["severity"]], row["summary"]) for row in facts.trends]
    voices: Rows = [
        (
            row["entity_name"],
            _count(row["mention_count"]),
            _count(row["mention_count_previous"]),
            _interval(row),
            _signed(row["net_sentiment_change"], words["early"]),
            "" if row["share_of_voice"] is None else f"{row['share_of_voice']:.0%}",
        )
        for row in facts.voices
    ]
    feedback: Rows = [
        (
            aspects.get(row["aspect_id"], row["aspect_id"]),
            intents[row["intent"]],
            _count(row["original_count"]),
            _count(row["original_count_previous"]),
            _signed(row["net_sentiment"], ""),
            row["example"] or "",
        )
        for row in facts.feedback
    ]
    lead_kinds = LEAD_KINDS[night.settings.language]
    leads: Rows = [
        (lead_kinds[row["lead_kind"]], f"{row['score']:.2f}", row["reason"], row["place"]) for row in facts.leads
    ]
    queues: Rows = [tuple(str(value) for value in row.values()) for row in facts.queues]
    sources: Rows = [
        tuple("" if value is None else str(value) for name, value in row.items() if name != "alarms")
        for row in facts.sources
    ]
    company = night.settings.company.name
    sections = [
        Section(words["trends"], words["trends_columns"], trends or [_empty(nothing, 2)]),
        Section(words["voices"], words["voices_columns"], voices or [_empty(nothing, 6)]),
        Section(
            words["feedback"].format(company=company),
            words["feedback_columns"],
            feedback or [_empty(nothing, 6)],
            is_quoting=True,
        ),
        Section(words["leads"].format(count=facts.lead_count), words["leads_columns"], leads or [_empty(nothing, 4)]),
        Section(words["queues"], words["queues_columns"], queues or [_empty(nothing, 4)]),
        Section(words["sources"], words["sources_columns"], sources or [_empty(nothing, 7)]),
    ]
    quality = words["quality"].format(**facts.quality, audit=words["passed"])
    headlines = _headlines(words, facts, company, aspects, intents)
    headlines += [
        words["short_channel"].format(channel=name, reason=reason) for name, reason in failed_channels.items()
    ]
    return NightSummary(night.run_id, words["title"].format(day=day), headlines, sections, quality)


def _headlines(
    words: dict[str, Any], facts: Facts, company: str, aspects: dict[str, str], intents: dict[str, str]
) -> list[str]:
    """What one would say in the lift: what is critical, voice, the theme that grew most, leads, queues, sources."""
    lines = [
        f"{words['severities']['critical'].capitalize()}: {trend['summary']}"
        for trend in facts.trends
        if trend["severity"] == "critical"
    ]
    if facts.voices:
        voice = facts.voices[0]
        lines.append(
            words["short_voice"].format(
                company=company,
                count=voice["mention_count"],
                before=voice["mention_count_previous"],
                sentiment=_interval(voice) or words["early"],
            )
        )
    lines.extend(
        words["short_theme"].format(
            aspect=aspects.get(theme["aspect_id"], theme["aspect_id"]),
            intent=intents[theme["intent"]],
            count=theme["original_count"],
            before=theme["original_count_previous"],
        )
        for theme in facts.growth
    )
    if facts.lead_count:
        lines.append(words["short_leads"].format(count=facts.lead_count, switching=facts.switching_count))
    urgent = sum(row["urgent_count"] for row in facts.queues)
    if urgent:
        most = max(facts.queues, key=lambda row: row["urgent_count"])
        lines.append(
            words["short_queue"].format(count=urgent, department=most["department"], most=most["urgent_count"])
        )
    silent = [row["source"] for row in facts.sources if row["outcome"] not in ("ok", "no_hits")]
    if silent:
        lines.append(words["short_sources"].format(sources=", ".join(silent)))
    unusual = [f"{row['source']} ({'; '.join(row['alarms'])})" for row in facts.sources if row["alarms"]]
    if unusual:
        lines.append(words["short_unusual"].format(sources=", ".join(unusual)))
    return lines


def _empty(word: str, columns: int) -> tuple[str, ...]:
    return (word, *("" for _ in range(columns - 1)))


def _count(value: int | None) -> str:
    return f"{value or 0:,}"


def _signed(value: float | None, missing: str) -> str:
    return missing if value is None else f"{value:+.2f}"


def _interval(row: dict[str, Any]) -> str:
    if row["net_sentiment"] is None:
        return ""
    return f"{row['net_sentiment']:+.2f} [{row['net_sentiment_low']:+.2f}, {row['net_sentiment_high']:+.2f}]"


def _cell(value: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|!])", r"\\\1", " ".join(value.split()))
