"""A survey's codebook: which column is which question, what may be answered, and whom the answers stand for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from flows.errors import UsageError
from flows.settings.fields import Label, Part, Slug, Text
from flows.settings.loading import load_part

Theme = Literal["state", "needs", "plans"]
ALL = "all"
SHARES_ADD_UP_WITHIN = 0.005


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _both(value: Any) -> Any:
    return {"de": value, "en": value} if isinstance(value, str) else value


class Words(Part):
    """A text in both languages."""

    de: Text
    en: Text


Code = Annotated[Label, BeforeValidator(_text)]
"""How an answer or a column is called in the file."""
Codes = Annotated[
    tuple[Code, ...], BeforeValidator(lambda value: value if isinstance(value, list | tuple) else [value])
]
InBoth = Annotated[Words, BeforeValidator(_both)]


class Answer(Part):
    """One of the answers to a question."""

    id: Annotated[Slug, BeforeValidator(_text)] = Field(description="Stands in the tables as `answer_id`.")
    code: Codes = Field(
        description="How it is written in the file, or a list of codes that are one answer here; or its name."
    )
    name: InBoth = Field(description="How people read it: a text, or `{de: ..., en: ...}`.")


class Group(Answer):
    """A part of the respondents, such as an industry."""

    population_share: float | None = Field(
        default=None, gt=0, le=1, description="Its share of the population, 0 to 1; responses are weighted to it."
    )


class Grouping(Part):
    """A question that parts the respondents, such as the one for their industry."""

    column: Code = Field(description="Its column in the file.")
    answers: tuple[Group, ...] = Field(min_length=2, description="The groups.")

    @model_validator(mode="after")
    def _is_whole(self) -> Grouping:
        _unique([group.id for group in self.answers])
        if any(group.id == ALL for group in self.answers):
            raise ValueError("the id 'all' stands for everybody; choose another.")
        shares = [group.population_share for group in self.answers]
        if any(share is not None for share in shares):
            total = sum(share or 0.0 for share in shares)
            if None in shares or abs(total - 1) > SHARES_ADD_UP_WITHIN:
                raise ValueError(
                    f"population_share must be given for every answer and add up to 1, and adds up to {total:.3f}."
                )
        return self

    @property
    def is_weighted(self) -> bool:
        """Whether responses are weighted to the population's shares of these groups."""
        return self.answers[0].population_share is not None


class Respondents(Part):
    """Who the respondents are."""

    industry: Grouping | None = Field(default=None, description="The question for the industry.")
    size_class: Grouping | None = Field(default=None, description="The question for the size of the company.")


class Question(Part):
    """A question whose answers are counted."""

    id: Slug = Field(description="Stands in the tables as `question_id`; keep it from wave to wave.")
    column: Code = Field(description="Its column in the file; of a multiple choice, what stands before the brackets.")
    theme: Theme = Field(description="state (what is), needs (what is missing) or plans (what is intended).")
    type: Literal["single", "multiple", "scale"] = Field(description="single, multiple (several answers) or scale.")
    text: InBoth = Field(description="The question as it was asked: a text, or `{de: ..., en: ...}`.")
    answers: tuple[Answer, ...] = Field(min_length=1, description="What may be answered, in order.")
    top: tuple[Annotated[Slug, BeforeValidator(_text)], ...] = Field(
        default=(), description="Answers of a scale that are also counted together, such as the two best."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Question:
        ids = [answer.id for answer in self.answers]
        _unique(ids)
        if self.type == "multiple" and any(len(answer.code) != 1 for answer in self.answers):
            raise ValueError("an answer of a multiple choice has one code, that of its column.")
        if unknown := set(self.top) - set(ids):
            raise ValueError(f"top names answers that are not there: {', '.join(sorted(unknown))}.")
        return self

    def column_of(self, answer: Answer) -> str:
        """The column of one answer of a multiple choice, as LimeSurvey names it: `Q2[SQ001]`."""
        return f"{self.column}[{answer.code[0]}]"

    @property
    def columns(self) -> list[str]:
        """All columns of the question."""
        return [self.column_of(answer) for answer in self.answers] if self.type == "multiple" else [self.column]


class Codebook(Part):
    """A survey: its respondents, its questions, and how it is reported."""

    id: Slug = Field(description="Stands in the tables as `survey_id`; keep it from wave to wave.")
    name: InBoth = Field(description="The survey's name: a text, or `{de: ..., en: ...}`.")
    respondents: Respondents = Field(default=Respondents(), description="Who the respondents are.")
    questions: tuple[Question, ...] = Field(min_length=1, description="The questions that are counted.")
    id_column: Code = Field(
        default="id", description="Column of the response's number, to find responses that stand twice."
    )
    completed_column: Code = Field(
        default="submitdate", description="Column that is empty for responses that were not finished."
    )
    min_cell: int = Field(default=10, ge=5, description="Respondents below which a figure is left out.")
    max_weight: float = Field(default=5.0, gt=1, description="Largest weight, as a multiple of the mean weight.")

    @model_validator(mode="after")
    def _has_unique_questions(self) -> Codebook:
        _unique([question.id for question in self.questions])
        return self

    @property
    def groupings(self) -> dict[str, Grouping]:
        """The groupings there are, by name."""
        named = {"industry": self.respondents.industry, "size_class": self.respondents.size_class}
        return {name: grouping for name, grouping in named.items() if grouping is not None}

    @property
    def columns(self) -> list[str]:
        """The columns that are read; all others are dropped before anything is written."""
        asked = [column for question in self.questions for column in question.columns]
        return [*(grouping.column for grouping in self.groupings.values()), *asked]


def load_codebook(path: Path) -> Codebook:
    """Read and check a codebook. Raises UsageError with file, line, field, what is wrong and what to do."""
    if not path.is_file():
        raise UsageError(f"{path}: there is no such codebook. docs/reference/survey.md shows one to start from.")
    return load_part(path, Codebook)


def _unique(ids: list[str]) -> None:
    for one in ids:
        if ids.count(one) > 1:
            raise ValueError(f"the id '{one}' stands twice; give one another.")
