"""Sentiment toward named targets: figures on held-back reviews, and on MAMS, whose categories no word need name.

For MAMS the clause most similar to a category stands for it; MAMS is not trained on.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from models import metrics
from models.aspects import AspectDefinition, AspectMatcher
from models.reader import Reader, load_reader
from models.reading import SENTIMENTS
from models.training import data
from models.training.data import Review
from models.training.heads import REVIEW_SETS, held_back_reviews

CATEGORIES = (
    AspectDefinition("food", "food", "dishes and drinks", ("the pasta was delicious", "my steak was cold", "dessert")),
    AspectDefinition("menu", "menu", "the menu and choice of dishes", ("we ordered from the menu", "daily specials")),
    AspectDefinition(
        "staff", "staff", "waiters, hosts, bartenders", ("our waitress was rude", "the manager came over")
    ),
    AspectDefinition("service", "service", "how guests are served", ("slow service", "we waited an hour to be served")),
    AspectDefinition("price", "price", "the bill, prices, value for money", ("way too expensive", "good value")),
    AspectDefinition("ambience", "atmosphere", "decor, music, noise, mood", ("cosy and romantic", "so loud inside")),
    AspectDefinition("place", "place", "the location, tables, seats, rooms", ("a table outside", "a bar nearby")),
    AspectDefinition("miscellaneous", "visit", "the visit as a whole, the guests", ("we came with friends on Friday",)),
)


@dataclass(frozen=True)
class CategorisedText:
    """A text in normal form, with the number of the sentiment toward each category that it speaks of."""

    text: str
    labels: dict[str, int]


def categorised(folder: Path, name: str) -> list[CategorisedText]:
    """``mams_train`` or ``mams_val``."""
    return [
        CategorisedText(
            data.clean(row["text"], name),
            {aspect["category"]: SENTIMENTS.index(aspect["polarity"]) for aspect in row["aspects"]},
        )
        for row in data.rows(folder / "aspects" / f"{name}.jsonl.gz")
    ]


def review_pairs(reader: Reader, reviews: list[Review]) -> tuple[np.ndarray, np.ndarray]:
    """True class numbers and probabilities of all labelled terms."""
    pairs = [(review.text, term) for review in reviews for term in review.terms]
    spans = [(term.start, term.end) for _, term in pairs]
    return np.array([term.label for _, term in pairs]), reader.read_targets([text for text, _ in pairs], spans)


def category_pairs(reader: Reader, folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The same for the categories of MAMS, each read in the clause that is most similar to it."""
    texts = categorised(folder, name)
    reading = reader.read([one.text for one in texts], with_clauses=True)
    matcher = AspectMatcher(reader, CATEGORIES)
    names = [one.aspect_id for one in CATEGORIES]
    found: list[str] = []
    spans, true = [], []
    for one, clauses, embeddings in zip(texts, reading.clauses, reading.clause_embeddings, strict=True):
        nearest = matcher.similarities(embeddings).argmax(0)
        for category, label in one.labels.items():
            clause = clauses[nearest[names.index(category)]]
            found.append(one.text)
            spans.append((clause.start, clause.end))
            true.append(label)
    return np.array(true), reader.read_targets(found, spans)


def main(
    data_folder: Annotated[Path, typer.Option("--data", help="The labelled sets.")] = Path("../shared/data"),
    weights: Annotated[Path | None, typer.Option(help="Weights folder; default: the embedded model.")] = None,
) -> None:
    """Report accuracy, macro-F1 and calibration error of the head for named targets."""
    reader = load_reader(weights)
    table = Table("set", "targets", "accuracy", "macro-F1", "ECE", title=f"model {reader.version}")
    pairs = {
        f"{name}, held back": review_pairs(reader, held_back_reviews(data.reviews(data_folder, name)))
        for name in REVIEW_SETS
    }
    pairs["mams_val"] = category_pairs(reader, data_folder, "mams_val")
    for name, (true, probabilities) in pairs.items():
        counts = metrics.confusion(true, probabilities.argmax(1), len(SENTIMENTS))
        figures = (
            counts.trace() / counts.sum(),
            metrics.macro(metrics.f1_scores(counts), counts),
            metrics.expected_calibration_error(true, probabilities),
        )
        table.add_row(name, str(len(true)), *(f"{value:.3f}" for value in figures))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
