"""`marktecho evaluate`: its figures are those of the model's own evaluation, and wrong labels are refused."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.errors import UsageError
from flows.evaluation import FEWEST_TEXTS, Evaluation, evaluate
from flows.labels import Columns
from models.evaluate import evaluate as evaluate_model
from models.labelled import LabelledText
from models.reader import Reader, load_reader
from tests.night_process import marktecho

EXAMPLES = [
    ("I love this coffee machine, best purchase of the year", "positive", "en"),
    ("The hotline hung up on me twice, what a disgrace", "negative", "en"),
    ("The shop opens at nine on Monday", "neutral", "en"),
    ("Der Kundenservice ist eine Katastrophe", "negative", "de"),
    ("Die Filiale öffnet am Montag um neun Uhr", "neutral", "de"),
    ("Super schnelle Lieferung, vielen Dank!", "positive", "de"),
    ("Naja, es gibt Schlimmeres", "positive", "de"),
    ("👍👍", "positive", "de"),
]
ROWS = [{"text": text, "label": label, "lang": language} for text, label, language in EXAMPLES]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader()


def as_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


def as_json_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def as_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(rows), path)


@pytest.mark.parametrize(("name", "write"), [("f.csv", as_csv), ("f.jsonl", as_json_lines), ("f.parquet", as_parquet)])
def test_the_figures_are_those_of_the_models_evaluation(
    tmp_path: Path, reader: Reader, name: str, write: Callable[[Path, list[dict[str, Any]]], None]
) -> None:
    rows = ROWS * 6  # German has 30 texts, English 18: too few for a row of its own
    write(tmp_path / name, rows)
    found = evaluate(tmp_path / name, columns=Columns(language="lang"), reader=reader)
    texts = [LabelledText(row["text"], row["label"], "de" if row["lang"] == "de" else "others", "all") for row in rows]
    expected = evaluate_model(reader, texts, name)
    by_language = {figures.language: figures for figures in expected}
    assert [figures.language for figures in found.languages] == ["de", "others"]
    assert [found.overall, *found.languages] == [by_language[name] for name in ("all", "de", "others")]
    assert found.overall.text_count == 48 and found.overall.not_scored_count == 6
    assert sum(map(sum, found.overall.confusion)) == 42
    assert found.left_out == found.unscored_languages == {}


def test_the_language_is_detected_without_a_column(tmp_path: Path, reader: Reader) -> None:
    as_csv(tmp_path / "f.csv", [{"text": text, "label": label} for text, label, _ in EXAMPLES[:6]] * FEWEST_TEXTS)
    found = evaluate(tmp_path / "f.csv", reader=reader)
    assert {figures.language: figures.text_count for figures in found.languages} == {"en": 60, "de": 60}


def test_a_language_that_cannot_be_read_is_told(tmp_path: Path, reader: Reader) -> None:
    japanese = {"text": "商品の品質がとても悪かったので返品しました", "label": "negative", "lang": "ja"}
    as_csv(tmp_path / "f.csv", ROWS + [japanese] * FEWEST_TEXTS)
    found = evaluate(tmp_path / "f.csv", columns=Columns(language="lang"), reader=reader)
    assert found.unscored_languages == {"ja": FEWEST_TEXTS}
    assert found.overall.not_scored_count == FEWEST_TEXTS + 1


def renamed(rows: list[dict[str, Any]], names: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"body": row["text"], "stars": names[row["label"]]} for row in rows]


def test_labels_and_columns_of_other_names(tmp_path: Path, reader: Reader) -> None:
    as_json_lines(tmp_path / "plain.jsonl", ROWS)
    stars = [*renamed(ROWS, {"negative": 1, "neutral": 3, "positive": 5}), {"body": "ok", "stars": 2}]
    as_json_lines(tmp_path / "stars.jsonl", [*stars, {"body": "ok", "stars": None}, {"body": None, "stars": 1}])
    found = evaluate(
        tmp_path / "stars.jsonl",
        columns=Columns("body", "stars"),
        labels=["1=negative", "3=neutral", "5=positive", "2="],
        reader=reader,
    )
    plain = evaluate(tmp_path / "plain.jsonl", reader=reader)
    assert found.overall.confusion == plain.overall.confusion
    assert found.overall.macro_f1 == plain.overall.macro_f1
    assert found.left_out == {"label 2": 1, "no label": 1, "no text": 1}


def test_intents(tmp_path: Path, reader: Reader) -> None:
    as_csv(
        tmp_path / "f.csv",
        [{"text": "Wann öffnet die Filiale?", "label": "question"}, {"text": "Danke, super!", "label": "praise"}],
    )
    found = evaluate(tmp_path / "f.csv", task="intent", reader=reader)
    assert found.overall.task == "intent" and len(found.overall.confusion) == len(found.overall.labels) == 10


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            {},
            r"f.csv, line 2: 'good'.*labels: good \(3\), bad \(2\).*negative, neutral, positive.*--label old=new",
        ),
        ({"labels": ["good=positiv"]}, "'positiv' is no label.*Did you mean 'positive'"),
        ({"labels": ["positive"]}, "write it as old=new"),
        ({"labels": ["good=positive", "good=neutral"]}, "renamed twice"),
        ({"labels": ["god=positive", "good=positive", "bad="]}, "no label 'god'.*Did you mean 'good'"),
        ({"columns": Columns(label="lable")}, "no column 'lable'.*Did you mean 'label'.*--label-column.*text, label"),
        ({"columns": Columns(language="lang")}, "no column 'lang'.*--language-column"),
        ({"task": "irony"}, "--task irony.*sentiment, intent"),
        ({"labels": ["good=", "bad=", "neutral="]}, "no text with a label"),
    ],
)
def test_wrong_use(tmp_path: Path, options: dict[str, Any], expected: str) -> None:
    names = {"positive": "good", "negative": "bad", "neutral": "neutral"}
    rows = [{"text": row["text"], "label": names[row["label"]]} for row in ROWS if row["text"] != "👍👍"]
    as_csv(tmp_path / "f.csv", rows)
    with pytest.raises(UsageError, match=f"(?s){expected}"):
        evaluate(tmp_path / "f.csv", **options)


def test_texts_without_words_only(tmp_path: Path, reader: Reader) -> None:
    as_csv(tmp_path / "f.csv", [{"text": "👍", "label": "positive"}])
    with pytest.raises(UsageError, match="could score none"):
        evaluate(tmp_path / "f.csv", reader=reader)


def test_the_command_prints_tables_and_json(tmp_path: Path, reader: Reader) -> None:
    as_csv(tmp_path / "f.csv", ROWS)
    with (tmp_path / "f.csv").open("a", encoding="utf-8") as file:
        file.write("one;two\n")
    expected: Evaluation = evaluate(tmp_path / "f.csv", reader=reader)
    done = marktecho("evaluate", tmp_path / "f.csv", "--json")
    assert done.code == 0, done.errors
    assert json.loads(done.output) == json.loads(json.dumps(expected.as_dict()))
    assert "evaluate: 8 of 8" in done.errors
    shown = marktecho("evaluate", tmp_path / "f.csv").output
    assert f"{expected.overall.macro_f1:.3f}" in shown and "unreadable row 1" in shown
    assert marktecho("evaluate", tmp_path / "absent.csv").code == 2
