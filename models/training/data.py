"""The labelled texts of ``../shared/data`` and our own intent examples, in the model's normal form."""

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.normal_form import normal_text
from models.reading import INTENTS, SENTIMENTS

SUPPORTED_LANGUAGES = ("de", "en", "fr", "es", "it", "pt")
INTENT_FOLDER = Path(__file__).parent / "intents"
INTENT_CHECK_FOLDER = Path(__file__).parent / "intents_check"

OFFENSE = ("OTHER", "OFFENSE")
_SPACED = re.compile(r"\s+([.,!?;:%)\]…]+)(?=\s|$)")
_OPENING = re.compile(r"([(\[„«])\s+")
_RETWEET = re.compile(r"^RT @user:? ?")


@dataclass(frozen=True)
class Example:
    """A text in normal form with the number of its label and where it comes from."""

    text: str
    label: int
    language: str
    source: str


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a (gzipped) JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def joined(text: str) -> str:
    """Undo tokenisation by spaces (PotTS), which would give its source away."""
    return _OPENING.sub(r"\1", _SPACED.sub(r"\1", text))


def unquoted(text: str) -> str:
    """Undo the quotation marks around a whole text that some sources carry from their CSV files, closed or not."""
    if text.startswith('"') and (text.count('"') % 2 or text.endswith('"')):
        return text.strip('"').replace('""', '"')
    return text


def clean(text: str, source: str) -> str:
    """Bring a text of a labelled set to normal form and take the marks of its source away."""
    text = normal_text(unquoted(text))
    return joined(text) if source == "potts" else text


def sentiment(data: Path, split: str) -> list[Example]:
    """``sentiment/train`` or ``sentiment/val`` in the languages that the vocabulary covers."""
    return [
        Example(clean(row["text"], row["source"]), SENTIMENTS.index(row["label"]), row["lang"], row["source"])
        for row in rows(data / "sentiment" / f"{split}.jsonl.gz")
        if row["lang"] in SUPPORTED_LANGUAGES
    ]


def intents(folder: Path) -> list[Example]:
    """Our own examples: ``<intent>.<language>.txt``, one text a line."""
    found = []
    for path in sorted(folder.glob("*.*.txt")):
        intent, language, _ = path.name.split(".")
        if intent not in INTENTS:
            raise ValueError(f"{path}: {intent} is no intent; use one of {', '.join(INTENTS)}")
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        found += [Example(normal_text(line), INTENTS.index(intent), language, "own") for line in lines]
    return found


def labelled(data: Path, name: str, split: str, labels: Sequence[str]) -> list[Example]:
    """A set of TweetEval or GermEval; ``labels`` are its own names of the classes, in our order."""
    return [
        Example(clean(row["text"], row["source"]), labels.index(row["label"]), row["lang"], row["source"])
        for row in rows(data / name / f"{split}.jsonl.gz")
    ]


@dataclass(frozen=True)
class Term:
    """Characters of a text that name a target, and the number of the sentiment toward it."""

    start: int
    end: int
    label: int


@dataclass(frozen=True)
class Review:
    """A text in normal form with labelled terms."""

    text: str
    terms: tuple[Term, ...]


def reviews(data: Path, name: str) -> list[Review]:
    """A set of SemEval-2014 task 4: every term with a polarity of its own ("conflict" is left out)."""
    found = []
    for row in rows(data / "aspects" / f"{name}.jsonl.gz"):
        text = clean(row["text"], name)
        terms = tuple(
            Term(int(aspect["from"]), int(aspect["to"]), SENTIMENTS.index(aspect["polarity"]))
            for aspect in row["aspects"]
            if "from" in aspect and aspect["polarity"] in SENTIMENTS
        )
        if terms and text == row["text"]:  # only then the places are right
            found.append(Review(text, terms))
    return found


def brand_sentiment(data: Path) -> list[Review]:
    """SemEval-2017 task 4B/D: posts in which the named target occurs literally."""
    found = []
    for row in rows(data / "aspects" / "brand_sentiment_train.jsonl.gz"):
        text = clean(row["text"], "semeval2017-4")
        at = text.lower().find(row["target"].lower())
        if row["label"] in SENTIMENTS and at >= 0:
            found.append(Review(text, (Term(at, at + len(row["target"]), SENTIMENTS.index(row["label"])),)))
    return found


def unlabelled(data: Path) -> Iterator[str]:
    """Every training text whose label is not used, for distillation and the vocabulary."""
    for path in (
        "emotion/train",
        "irony/train",
        "offensive/train",
        "hate/train",
        "offensive/germeval2018_train",
        "aspects/laptops_train",
        "aspects/restaurants_train",
        "aspects/mams_train",
    ):
        for row in rows(data / f"{path}.jsonl.gz"):
            if row["text"]:
                yield clean(row["text"], row.get("source", path))
