"""`marktecho survey import`: a wave of a survey from its export to weighted figures."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from flows.errors import UsageError
from flows.landing import quarantine
from flows.landing.mention import digest
from flows.night import Night
from flows.survey.changes import update_changes
from flows.survey.codebook import ALL, Codebook, Question
from flows.survey.figures import TOP, Figure, figures, weigh
from flows.survey.responses import BadRow, Responses, read_responses
from flows.warehouse import connect, transaction
from models.survey_estimates import Estimator
from models.survey_weights import Weights

_WAVE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,39}")
_EVERYBODY = {
    "industry": ("Alle Branchen", "All industries"),
    "size_class": ("Alle Größen", "All sizes"),
}


@dataclass(frozen=True)
class SurveyPlan:
    """A wave that can be imported."""

    codebook: Codebook
    wave: str
    responses: Responses
    weights: Weights
    estimator: Estimator


@dataclass(frozen=True)
class SurveyImport:
    """What an import did; `design_effect` is that of the weights, `told_count` figures are told of `figure_count`."""

    survey_id: str
    wave: str
    complete_count: int
    incomplete_count: int
    quarantined_count: int
    design_effect: float
    capped_count: int
    figure_count: int
    told_count: int


def plan_survey(path: Path, codebook: Codebook, wave: str | None) -> SurveyPlan:
    """Read and weigh a wave; writes nothing.

    Without a wave it is named after the month of the last finished response. Raises UsageError for anything that makes
    the import impossible.
    """
    responses = read_responses(path, codebook)
    if wave is None:
        if responses.completed is None or _day(responses.completed[1]) is None:
            raise UsageError(f"{path}: does not say when responses were finished. Name the wave: --wave 2026-10.")
        wave = responses.completed[1][:7]
    if not _WAVE.fullmatch(wave):
        raise UsageError(f"--wave {wave}: use letters, digits, -, _ and ., such as 2026-10; at most 40 of them.")
    return SurveyPlan(codebook, wave, responses, *weigh(responses, codebook))


def import_survey(night: Night, plan: SurveyPlan) -> SurveyImport:
    """Replace a wave's figures, put its bad rows into quarantine, and compare it with its neighbours."""
    codebook, responses = plan.codebook, plan.responses
    rows = [_row(plan, figure) for figure in figures(responses, codebook, plan.estimator)]
    source = f"survey-{codebook.id}-{plan.wave}".lower()
    with connect(night.home) as warehouse:
        with transaction(warehouse):
            _remove(warehouse, codebook.id, plan.wave)
            _insert(warehouse, "survey_figures", rows)
            _insert(warehouse, "survey_waves", [_wave_row(plan, night)])
            _quarantine(warehouse, night, source, responses.bad)
            update_changes(warehouse, codebook.id)
        quarantine.export(warehouse, night.home.quarantine, source, night.run_id)
    return SurveyImport(
        codebook.id,
        plan.wave,
        responses.count,
        responses.incomplete_count,
        len(responses.bad),
        round(plan.weights.design_effect, 3),
        int(plan.weights.is_capped.sum()),
        len(rows),
        sum(row["share"] is not None for row in rows),
    )


def remove_wave(night: Night, survey_id: str, wave: str) -> None:
    """Let go of a wave. Raises UsageError when there is none of that name."""
    with connect(night.home) as warehouse, transaction(warehouse):
        if not _remove(warehouse, survey_id, wave):
            known = warehouse.execute("select survey_id, wave from core.survey_waves order by all").fetchall()
            listed = ", ".join(f"{one} {name}" for one, name in known) or "none"
            raise UsageError(f"There is no wave '{wave}' of a survey '{survey_id}'. Known: {listed}.")
        update_changes(warehouse, survey_id)


def waves(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """All waves there are, by survey and name."""
    found = warehouse.execute("select * exclude (min_cell) from core.survey_waves order by survey_id, wave")
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _remove(warehouse: duckdb.DuckDBPyConnection, survey_id: str, wave: str) -> bool:
    for table in ("survey_figures", "survey_waves"):
        found = warehouse.execute(
            f"delete from core.{table} where survey_id = ? and wave = ? returning 1", [survey_id, wave]
        ).fetchall()
    return bool(found)


def _row(plan: SurveyPlan, figure: Figure) -> dict[str, Any]:
    codebook = plan.codebook
    place, question = next((n, one) for n, one in enumerate(codebook.questions) if one.id == figure.question_id)
    answer_place, answer_de, answer_en = _answer_labels(question, figure.answer_id)
    share = figure.share
    row: dict[str, Any] = {
        "survey_id": codebook.id,
        "wave": plan.wave,
        "question_id": question.id,
        "question_position": place,
        "question_label_de": question.text.de,
        "question_label_en": question.text.en,
        "theme": question.theme,
        "question_type": question.type,
        "answer_id": figure.answer_id,
        "answer_position": answer_place,
        "answer_label_de": answer_de,
        "answer_label_en": answer_en,
        "respondent_count": share and share.count,
        "effective_sample_size": share and share.effective_count,
        "share": share and share.value,
        "share_low": share and share.low,
        "share_high": share and share.high,
        "standard_error": share and share.standard_error,
    }
    for name, group in (("industry", figure.industry), ("size_class", figure.size_class)):
        german, english = _group_labels(codebook, name, group)
        row |= {name: group, f"{name}_label_de": german, f"{name}_label_en": english}
    return row


def _answer_labels(question: Question, answer_id: str) -> tuple[int, str, str]:
    for place, answer in enumerate(question.answers):
        if answer.id == answer_id:
            return place, answer.name.de, answer.name.en
    named = [answer.name for answer in question.answers if answer.id in question.top]
    assert answer_id == TOP  # noqa: S101 - the only other one there is
    return len(question.answers), " / ".join(name.de for name in named), " / ".join(name.en for name in named)


def _group_labels(codebook: Codebook, name: str, group: str) -> tuple[str, str]:
    if group == ALL:
        return _EVERYBODY[name]
    found = next(one.name for one in codebook.groupings[name].answers if one.id == group)
    return found.de, found.en


def _wave_row(plan: SurveyPlan, night: Night) -> dict[str, Any]:
    first, last = plan.responses.completed or (None, None)
    return {
        "survey_id": plan.codebook.id,
        "wave": plan.wave,
        "survey_label_de": plan.codebook.name.de,
        "survey_label_en": plan.codebook.name.en,
        "first_date": _day(first),
        "last_date": _day(last),
        "complete_count": plan.responses.count,
        "incomplete_count": plan.responses.incomplete_count,
        "quarantined_count": len(plan.responses.bad),
        "design_effect": plan.weights.design_effect,
        "capped_count": int(plan.weights.is_capped.sum()),
        "min_cell": plan.codebook.min_cell,
        "imported_at": night.as_of,
    }


def _day(text: str | None) -> date | None:
    """The day of a time as LimeSurvey writes it; None for another form, and for 1980, its word for "not told"."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return None if day == date(1980, 1, 1) else day


def _insert(warehouse: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, Any]]) -> None:
    warehouse.register("batch", pl.DataFrame(rows, infer_schema_length=None).to_arrow())
    warehouse.execute(f"insert into core.{table} by name select * from batch")
    warehouse.unregister("batch")


def _quarantine(warehouse: duckdb.DuckDBPyConnection, night: Night, source: str, bad: list[BadRow]) -> None:
    """Replace what is quarantined of the wave: line, column and reason, no answers."""
    warehouse.execute("delete from landing.quarantine where source = ?", [source])
    if bad:
        rows = [_quarantined(night, source, one) for one in bad]
        warehouse.register("batch", pl.DataFrame(rows).to_arrow())
        warehouse.execute("insert into landing.quarantine by name select * from batch")
        warehouse.unregister("batch")


def _quarantined(night: Night, source: str, bad: BadRow) -> dict[str, Any]:
    return {
        "quarantine_id": digest(source, bad.column, str(bad.line), bad.reason),
        "source": source,
        "run_id": night.run_id,
        "row_number": bad.line,
        "field": bad.column,
        "reason": bad.reason,
        "payload": "{}",
        "quarantined_at": night.as_of,
    }
