"""The survey part of the index: what companies say they have, need and plan."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard import index_charts
from dashboard.marts import ask
from dashboard.tables import show_table
from dashboard.words import language, word

THEMES = ("state", "needs", "plans")

_WAVES = """
select distinct survey_id, {survey} as survey, wave, complete_count, incomplete_count, quarantined_count, min_cell
from survey_index
order by survey, wave desc
"""

_GROUPS = """
select distinct {group} as id, {label} as label
from survey_index
where survey_id = $survey and wave = $wave
order by {group} <> 'all', label
"""

_SHARES = """
select
    theme, question_id, {question} as question, answer_id, {answer} as answer, answer_position, share, share_low,
    share_high, respondent_count, effective_sample_size, change, change_low, change_high, is_change_certain,
    previous_wave, is_suppressed
from survey_index
where survey_id = $survey and wave = $wave and industry = $industry and size_class = $size_class
order by question_position, answer_position
"""


def show() -> None:
    """Show a wave of a survey, for everybody or a group of companies."""
    of = {name: f"{name}_label_{language()}" for name in ("survey", "question", "answer", "industry", "size_class")}
    waves = ask(_WAVES.format(survey=of["survey"]))
    if waves.is_empty():
        st.info(word("no_survey"))
        return
    names = dict(zip(waves["survey_id"], waves["survey"], strict=True))
    chosen = next(iter(names))
    if len(names) > 1:
        chosen = st.selectbox(word("survey"), list(names), format_func=names.__getitem__, key="survey")
    else:
        st.caption(names[chosen])
    of_survey = waves.filter(pl.col("survey_id") == chosen)
    places = st.columns(3)
    wave = places[0].selectbox(word("wave"), of_survey["wave"].to_list(), key=f"wave-{chosen}")
    values = {"survey": chosen, "wave": wave}
    for place, name in zip(places[1:], ("industry", "size_class"), strict=True):
        groups = ask(_GROUPS.format(group=name, label=of[name]), {"survey": chosen, "wave": wave})
        labels = dict(zip(groups["id"], groups["label"], strict=True))
        values[name] = place.selectbox(word(name), list(labels), format_func=labels.__getitem__, key=f"{name}-{chosen}")
    told = of_survey.filter(pl.col("wave") == wave).row(0, named=True)
    _shares(ask(_SHARES.format(question=of["question"], answer=of["answer"]), values), told["min_cell"])
    st.caption(
        word(
            "survey_note", **{name: told[name] for name in ("complete_count", "incomplete_count", "quarantined_count")}
        )
    )


def _shares(shares: pl.DataFrame, min_cell: int) -> None:
    for theme in THEMES:
        questions = shares.filter(pl.col("theme") == theme)
        if questions.is_empty():
            continue
        st.markdown(f"**{word(theme)}**")
        for question in questions["question_id"].unique(maintain_order=True):
            answers = questions.filter(pl.col("question_id") == question)
            told = answers.filter(~pl.col("is_suppressed"))
            st.caption(answers["question"][0])
            if told.is_empty():
                st.info(word("too_few_respondents", count=min_cell))
                continue
            st.altair_chart(index_charts.survey_shares(_in_words(told)))
    told = shares.filter(~pl.col("is_suppressed"))
    if not told.is_empty():
        columns = ["answer", "share", "share_low", "share_high", "change", "respondents", "question"]
        percent = {name: st.column_config.NumberColumn(word(name), format="percent") for name in columns[1:5]}
        show_table(told.rename({"respondent_count": "respondents"}).select(columns), "survey", **percent)


def _in_words(told: pl.DataFrame) -> pl.DataFrame:
    """Each share in per cent, with its change in points where that is certain."""
    return told.with_columns(
        told=pl.struct("share", "change", "is_change_certain").map_elements(_label, return_dtype=pl.String)
    )


def _label(row: dict[str, float]) -> str:
    share = f"{row['share']:.0%}"
    if not row["is_change_certain"]:
        return share
    arrow = "▲" if row["change"] > 0 else "▼"
    points = f"{100 * row['change']:+.0f}"
    return f"{share}  {arrow} {word('points', points=points)}"
