"""Figures of a wave: every answer to every question, by industry and size of company, small cells left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np

from flows.errors import UsageError
from flows.survey.codebook import ALL, Codebook
from flows.survey.responses import Responses
from models.survey_estimates import Estimator, Share
from models.survey_weights import MarginError, Weights, rake

TOP = "top"
GROUPINGS = ("industry", "size_class")


@dataclass(frozen=True)
class Figure:
    """A share of a group of respondents: `share` is None where the cell is too small to be told."""

    question_id: str
    answer_id: str
    industry: str
    size_class: str
    share: Share | None


def weigh(responses: Responses, codebook: Codebook) -> tuple[Weights, Estimator]:
    """Weigh responses to the population's margins. Raises UsageError naming the group when that cannot be done."""
    margins = {name: one for name, one in codebook.groupings.items() if one.is_weighted}
    numbers = [
        [[group.id for group in margin.answers].index(str(one)) for one in responses.groups[name]]
        for name, margin in margins.items()
    ]
    categories = np.array(numbers, dtype=int).reshape(len(margins), responses.count).T
    shares = [np.array([group.population_share for group in margin.answers]) for margin in margins.values()]
    targets = [one / one.sum() for one in shares]
    try:
        weights = rake(categories, targets, codebook.max_weight)
    except MarginError as error:
        where = "the margins"
        if error.margin is not None and error.category is not None:
            name, margin = list(margins.items())[error.margin]
            where = f"{name} '{margin.answers[error.category].id}'"
        raise UsageError(
            f"The responses cannot be weighted to the population: {where} {error.reason}. Merge small groups in the "
            "codebook (`code: [A1, A2]`), raise max_weight, or leave population_share out."
        ) from None
    return weights, Estimator(weights, categories, [one.size for one in targets])


def figures(responses: Responses, codebook: Codebook, estimator: Estimator) -> Iterator[Figure]:
    """Estimate every share, for everybody and by groups."""
    cells = list(_cells(responses, codebook))
    for question in codebook.questions:
        picked = responses.answers[question.id]
        answered = np.array([one is not None for one in picked], dtype=bool)
        counts = {key: int((answered & inside).sum()) for key, inside in cells}
        told = _told(counts, codebook.min_cell)
        wanted = {answer.id: {answer.id} for answer in question.answers}
        if question.top:
            wanted[TOP] = set(question.top)
        for answer_id, ids in wanted.items():
            has = np.array([one is not None and bool(ids & one) for one in picked], dtype=bool)
            for key, inside in cells:
                share = estimator.share(answered & inside, has) if key in told else None
                yield Figure(question.id, answer_id, *key, share)


def _cells(responses: Responses, codebook: Codebook) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    everybody = np.ones(responses.count, dtype=bool)
    inside: list[dict[str, np.ndarray]] = []
    for name in GROUPINGS:
        groups = {ALL: everybody}
        if name in codebook.groupings:
            said = np.array(responses.groups[name], dtype=object)
            groups |= {group.id: said == group.id for group in codebook.groupings[name].answers}
        inside.append(groups)
    for industry, size_class in product(*inside):
        yield (industry, size_class), inside[0][industry] & inside[1][size_class]


def _told(counts: dict[tuple[str, str], int], smallest: int) -> set[tuple[str, str]]:
    """Cells with respondents enough. Where only one cell of a row or column would be left out, the total would give it
    away: the smallest other one is left out as well.
    """
    told = {key for key, count in counts.items() if count >= smallest}
    while True:
        given_away = set()
        for place in (0, 1):
            for fixed in {key[place] for key in counts}:
                line = {key for key in counts if key[place] == fixed and key[1 - place] != ALL}
                total = (fixed, ALL) if place == 0 else (ALL, fixed)
                hidden = {key for key in line - told if counts[key]}
                shown = line & told
                if total in told and len(hidden) == 1 and shown:
                    given_away.add(min(shown, key=lambda key: (counts[key], key)))
        if not given_away:
            return told
        told -= given_away
