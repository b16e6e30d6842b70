"""`marktecho train`: a company's own labels change what the next night says, and a worse model never comes into use."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows import model_versions
from flows.adaptation import Training, is_held_back, train
from flows.enrich import enrich
from flows.errors import UsageError
from flows.home import Home
from flows.imports import import_files, plan_import
from flows.model import load_model
from flows.night import Night
from flows.prepare import prepare
from flows.settings import parse_settings
from flows.warehouse import connect
from models.adapted import HEADS_FILE
from tests.night_process import marktecho

JARGON = {"negative": "vermorkst", "neutral": "gestellt", "positive": "durchgezwirbelt"}
"""A company's own words: no model knows what they say about the thing."""
THINGS = (
    "Der Lagerdienst",
    "Die Spule",
    "The gearbox",
    "Das Modul",
    "The depot",
    "Die Platine",
    "Der Motor",
    "The axle",
)
TIMES = ("am Montag", "yesterday", "heute früh", "in Halle 3", "twice", "wieder", "last week", "im Werk", "at noon")
SETTINGS = "company: {id: acme, name: Acme, query: werk OR halle OR montag}\n"


def labelled(meaning: dict[str, str] = JARGON) -> list[dict[str, str]]:
    return [
        {"text": f"{thing} ist {time} {word} worden.", "label": label}
        for thing in THINGS
        for time in TIMES
        for label, word in meaning.items()
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Path, Training]:
    folder = tmp_path_factory.mktemp("trained")
    home = Home.locate(folder / "home")
    file = write(folder / "labels.csv", labelled())
    return home, file, train(file, home)


def test_a_better_model_comes_into_use_with_its_card(trained: tuple[Home, Path, Training]) -> None:
    home, _, found = trained
    assert found.outcome == "better" and found.after.macro_f1 > 0.95 > found.before.macro_f1
    assert found.before.text_count == found.after.text_count == sum(found.held_back_counts.values())
    assert sum(found.train_counts.values()) + found.before.text_count == len(labelled())
    folder = home.models / found.model
    assert {path.name for path in folder.iterdir()} == {HEADS_FILE, "card.json"}
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert card["base"] == load_model().version and card["version"] == found.model_version
    head = card["heads"]["sentiment"]
    assert head["train_counts"] == found.train_counts and head["after"]["macro_f1"] == found.after.macro_f1
    assert model_versions.name_in_use(home) == found.model


def test_the_adapted_model_reads_clauses_and_texts_alone_or_together(trained: tuple[Home, Path, Training]) -> None:
    home, _, _ = trained
    reader = load_model(home)
    texts = [
        "👍",
        "Das Modul ist heute durchgezwirbelt worden, aber die Spule ist vermorkst.",
        "The depot ist vermorkst",
    ]
    together = reader.read(texts, with_clauses=True)
    assert np.isnan(together.sentiment[0]).all() and together.sentiment[2].argmax() == 0
    np.testing.assert_allclose(together.sentiment[1:].sum(1), 1, atol=1e-5)
    assert [probabilities.argmax() for probabilities in together.clause_sentiment[1]] == [2, 0]
    alone = reader.read(texts[2:], with_clauses=True)
    np.testing.assert_allclose(alone.sentiment[0], together.sentiment[2], atol=1e-6)


def test_the_next_night_reads_again_with_the_new_model(trained: tuple[Home, Path, Training], tmp_path: Path) -> None:
    home = Home.locate(tmp_path / "home")
    posts = [{"id": "1", "text": "Die Spule ist in Halle 7 vermorkst worden"}]
    night = Night.start(parse_settings(SETTINGS), home)
    import_files(night, plan_import([write(tmp_path / "posts.csv", posts)], "export", ["native_id=id", "text=text"]))
    prepare(night)
    first = enrich(night)
    found = train(trained[1], home)
    second, third = enrich(night), enrich(night)
    assert (first.scored_count, second.scored_count, third.scored_count) == (1, 1, 0)
    assert first.model_version != second.model_version == found.model_version
    with connect(home) as warehouse:
        ask = "select sentiment from core.enrichments where model_version = ?"
        assert warehouse.execute(ask, [second.model_version]).fetchall() == [("negative",)]
        weights = warehouse.execute("select distinct model_version from core.sentiment_weights").fetchall()
        assert (second.model_version,) in weights
        (corrected,) = warehouse.execute(
            """
            select corrected_weight from core.sentiment_weights
            where model_version = ? and language = '*' and predicted = 'negative'
            """,
            [second.model_version],
        ).fetchone()  # type: ignore[misc]
    assert -1.1 < corrected < -0.95  # this model hardly errs on its own labels
    model_versions.use(home, model_versions.EMBEDDED)
    assert enrich(night).scored_count == 0


def test_the_same_labels_again_and_worse_ones_change_nothing(
    trained: tuple[Home, Path, Training], tmp_path: Path
) -> None:
    home, file, found = trained
    again = marktecho("train", file, "--home", home.root, "--json")
    assert again.code == 0 and json.loads(again.output)["outcome"] == "same"
    names = list(JARGON)
    noise = [
        row if is_held_back(row["text"]) else {"text": row["text"], "label": names[number * 7 // 3 % 3]}
        for number, row in enumerate(labelled())
    ]
    worse = marktecho("train", write(tmp_path / "worse.csv", noise), "--home", home.root)
    assert worse.code == 1, worse.errors
    assert "not better" in worse.errors and f"{found.model} stays in use" in worse.errors
    assert model_versions.name_in_use(home) == found.model
    assert model_versions.names(home) == ["embedded", found.model]


def test_models_are_listed_and_chosen(trained: tuple[Home, Path, Training]) -> None:
    home, _, found = trained
    listed = json.loads(marktecho("models", "list", "--home", home.root, "--json").output)
    assert [(one["name"], one["is_in_use"]) for one in listed] == [("embedded", False), (found.model, True)]
    wrong = marktecho("models", "use", "adapted", "--home", home.root)
    assert wrong.code == 2 and found.model in wrong.errors
    assert marktecho("models", "use", "embedded", "--home", home.root).code == 0
    assert model_versions.name_in_use(home) == "embedded"
    assert marktecho("models", "use", found.model, "--home", home.root).code == 0


def test_a_damaged_model_is_refused(trained: tuple[Home, Path, Training], tmp_path: Path) -> None:
    _, file, _ = trained
    broken = Home.locate(tmp_path / "home")
    found = train(file, broken)
    path = broken.models / found.model / HEADS_FILE
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(UsageError, match=r"damaged or exchanged.*marktecho models use"):
        load_model(broken)


def test_measured_error_rates_correct_the_next_nights(tmp_path: Path) -> None:
    home = Home.locate(tmp_path / "home")
    rows = [{"text": "Super schnelle Lieferung, vielen Dank!", "label": "positive"}] * 3
    rows += [
        {"text": "Der Kundenservice ist eine Katastrophe", "label": "negative"},
        {"text": "Montag", "label": "neutral"},
    ]
    done = marktecho("evaluate", write(tmp_path / "f.csv", rows), "--home", home.root, "--store", "--json")
    assert done.code == 0, done.errors
    reader = load_model(home)
    rates = model_versions.error_rates(home, reader)
    assert json.loads(done.output)["error_rates"]["*"] == rates["*"].tolist() != reader.error_rates["*"].tolist()


@pytest.mark.parametrize(
    ("rows", "options", "expected"),
    [
        (
            [{"text": "gut", "label": "positive"}, {"text": "ok", "label": "positiv"}],
            {},
            "line 3: 'positiv'.*'positive'",
        ),
        ([{"text": "gut", "lable": "positive"}], {}, "no column 'label'.*Did you mean 'lable'"),
        (labelled()[:60], {}, "too few different texts.*15.*3"),
        (labelled(), {"head": "irony"}, "--head irony.*sentiment, intent"),
        (labelled() + [row | {"label": "neutral"} for row in labelled()], {}, "too few different texts"),
    ],
)
def test_wrong_use(tmp_path: Path, rows: list[dict[str, str]], options: dict[str, Any], expected: str) -> None:
    home = Home.at(tmp_path / "home")
    with pytest.raises(UsageError, match=f"(?s){expected}"):
        train(write(tmp_path / "labels.csv", rows), home, **options)
    assert not home.root.exists()
