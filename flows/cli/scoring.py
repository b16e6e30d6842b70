"""Commands that need a model and a file: no settings, no warehouse, no night."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from flows.cli.app import HomeOption, JsonOption, app
from flows.cli.terminal import errors, new_table, output, print_json, progress
from flows.errors import UsageError
from flows.home import Home
from flows.settings import load_settings

if TYPE_CHECKING:
    from flows.scoring import ScoreSummary
    from models.evaluate import Figures

TextColumnOption = Annotated[str, typer.Option("--text-column", help="The column of the text; dots lead into objects.")]
LabelColumnOption = Annotated[str, typer.Option("--label-column", help="The column of the true label.")]
LabelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--label", metavar="OLD=NEW", help="What a label of the file means; nothing behind the = leaves it out."
    ),
]


@app.command()
def score(
    file: Annotated[Path, typer.Argument(help="CSV, JSON Lines or Parquet; may be gzipped.")],
    output_file: Annotated[
        Path, typer.Option("--output", "-o", help="The file to write; its ending says the format.", show_default=False)
    ],
    text_column: TextColumnOption = "text",
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", help="Settings with aspects and phrase rules; default: common aspects, no rules."
        ),
    ] = None,
    prefix: Annotated[str, typer.Option("--prefix", help="Goes before the names of the added columns.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace the output when it is there already.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add language, sentiment, intent and aspects to any file, row for row."""
    from flows.scoring import score as step

    settings = load_settings(config) if config else None
    with progress():
        summary = step(
            file,
            output_file,
            text_column=text_column,
            settings=settings,
            prefix=prefix,
            force=force,
            home=Home.at(home),
        )
    if as_json:
        print_json(summary.as_dict())
    else:
        _show_summary(summary)
    _show_errors(summary)


def _show_summary(summary: ScoreSummary) -> None:
    output.print(
        f"{summary.output}: {summary.row_count:,} rows, {summary.scored_count:,} scored by {summary.model_version}.",
        soft_wrap=True,
    )
    for title, counts in (("not scored", summary.not_scored), ("languages", summary.languages)):
        if counts:
            said = ", ".join(f"{name} {count:,}" for name, count in counts.most_common(10))
            output.print(f"{title}: {said}", soft_wrap=True)


def _show_errors(summary: ScoreSummary) -> None:
    for note in summary.notes:
        errors.print(note, soft_wrap=True)
    for error in summary.errors:
        errors.print(f"row {error.row:,}: {error.message}", soft_wrap=True)
    if summary.error_count > len(summary.errors):
        errors.print(f"and {summary.error_count - len(summary.errors):,} more rows, see not_scored_reason.")


@app.command()
def evaluate(
    file: Annotated[Path, typer.Argument(help="A labelled file: CSV, JSON Lines or Parquet; may be gzipped.")],
    text_column: TextColumnOption = "text",
    label_column: LabelColumnOption = "label",
    language_column: Annotated[
        str | None, typer.Option("--language-column", help="The column of the language; default: it is detected.")
    ] = None,
    labels: LabelOption = None,
    task: Annotated[str, typer.Option("--task", help="What the labels are: sentiment or intent.")] = "sentiment",
    model: Annotated[
        str | None, typer.Option("--model", help="A name of `marktecho models list`; default: the one in use.")
    ] = None,
    store: Annotated[
        bool, typer.Option("--store", help="Correct net sentiment with the error rates found, from the next night on.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how good the model is on labelled texts: F1, recall, confusion, calibration, per class and language."""
    from flows.evaluation import Columns, keep_error_rates
    from flows.evaluation import evaluate as step

    if store and task != "sentiment":
        raise UsageError("--store keeps error rates of the sentiment; leave it out, or --task as well.")
    columns = Columns(text_column, label_column, language_column)
    located = Home.at(home)
    with progress():
        found = step(file, task=task, columns=columns, labels=labels or [], home=located, model=model)
    if store:
        keep_error_rates(located, found)
    for note in found.notes:
        errors.print(note, soft_wrap=True)
    if as_json:
        print_json(found.as_dict())
        return
    output.print(f"{found.file}, read by {found.model_version}", soft_wrap=True)
    output.print(_by_group([found.overall, *found.languages]))
    output.print(_by_class(found.overall))
    for title, counts in (("Rows left out", found.left_out), ("Languages without a score", found.unscored_languages)):
        if counts:
            said = ", ".join(f"{name} {count:,}" for name, count in counts.items())
            output.print(f"{title}: {said}", soft_wrap=True)


def _by_group(rows: list[Figures]) -> Table:
    table = new_table("language", title="All texts, and per language")
    for name in ("texts", "not scored", "macro-F1", "macro-recall", "accuracy", "calibration error"):
        table.add_column(name, justify="right")
    for row in rows:
        figures = (row.macro_f1, row.macro_recall, row.accuracy, row.calibration_error)
        table.add_row(
            row.language, f"{row.text_count:,}", f"{row.not_scored_count:,}", *(f"{value:.3f}" for value in figures)
        )
    return table


def _by_class(figures: Figures) -> Table:
    table = new_table("true class", title="Per class, and what was predicted")
    for name in ("precision", "recall", "F1", *figures.labels):
        table.add_column(name, justify="right")
    for number, label in enumerate(figures.labels):
        values = (figures.precision[number], figures.recall[number], figures.f1[number])
        shown = ["" if value is None else f"{value:.3f}" for value in values]
        table.add_row(label, *shown, *(f"{count:,}" for count in figures.confusion[number]))
    return table
