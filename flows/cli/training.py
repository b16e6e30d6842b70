"""Commands that adapt the model to a company's labels, and choose between models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.cli.app import HomeOption, JsonOption, app
from flows.cli.scoring import LabelColumnOption, LabelOption, TextColumnOption
from flows.cli.terminal import errors, new_table, output, print_json, progress
from flows.errors import ExitCode
from flows.home import Home

if TYPE_CHECKING:
    from flows.adaptation import Training

models = typer.Typer(help="List the models of this installation and choose the one in use.", no_args_is_help=True)
app.add_typer(models, name="models")


@app.command()
def train(
    file: Annotated[Path, typer.Argument(help="A labelled file: CSV, JSON Lines or Parquet; may be gzipped.")],
    head: Annotated[str, typer.Option("--head", help="What the labels are: sentiment or intent.")] = "sentiment",
    text_column: TextColumnOption = "text",
    label_column: LabelColumnOption = "label",
    language_column: Annotated[
        str | None, typer.Option("--language-column", help="The column of the language; default: it is detected.")
    ] = None,
    labels: LabelOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Adapt a head of the model to your own labels; taken into use only when it is better on held-back texts."""
    from flows.adaptation import train as step
    from flows.labels import Columns

    with progress():
        found = step(
            file,
            Home.at(home),
            head=head,
            columns=Columns(text_column, label_column, language_column),
            labels=labels or [],
        )
    for note in found.notes:
        errors.print(note, markup=False, soft_wrap=True)
    if as_json:
        print_json(found.as_dict())
    else:
        _show(found)
    if found.outcome == "not_better":
        errors.print(
            f"The new model is not better on the held-back texts and has been dropped; {found.model} stays in use. "
            "More labels, or a look at texts that it got wrong (marktecho score), may help.",
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(ExitCode.FAILED)


def _show(found: Training) -> None:
    balance = new_table("label", title=f"{found.file}: texts")
    for name in ("to learn from", "held back"):
        balance.add_column(name, justify="right")
    for label, count in found.train_counts.items():
        balance.add_row(label, f"{count:,}", f"{found.held_back_counts[label]:,}")
    output.print(balance)
    if found.left_out:
        said = ", ".join(f"{name} {count:,}" for name, count in found.left_out.items())
        output.print(f"Rows left out: {said}", markup=False, soft_wrap=True)
    scores = new_table("model", title=f"{found.head} on the held-back texts")
    for name in ("macro-F1", "micro-F1", "macro-recall", "calibration error"):
        scores.add_column(name, justify="right")
    for name, figures in (("in use before", found.before), ("new", found.after)):
        values = (figures.macro_f1, figures.accuracy, figures.macro_recall, figures.calibration_error)
        scores.add_row(name, *(f"{value:.3f}" for value in values))
    output.print(scores)
    if found.outcome == "better":
        output.print(
            f"{found.model} is in use from now on: the next night reads every text again with it. Go back with: "
            "marktecho models use NAME",
            markup=False,
            soft_wrap=True,
        )
    elif found.outcome == "same":
        output.print(f"{found.model}, which is in use, has learnt from these very labels.", soft_wrap=True)


@models.command("list")
def list_(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the models of this installation; the one in use is marked."""
    from flows.model import load_model
    from flows.model_versions import versions

    found = versions(Home.at(home), load_model())
    if as_json:
        print_json([version.as_dict() for version in found])
        return
    table = new_table("", "name", "heads", "labels", "created", "version")
    for one in found:
        count = "" if one.label_count is None else f"{one.label_count:,}"
        mark = "in use" if one.is_in_use else ""
        table.add_row(mark, one.name, ", ".join(one.heads), count, one.created_at or "", one.version)
    output.print(table)


@models.command()
def use(
    name: Annotated[str, typer.Argument(help="A name of `marktecho models list`, such as embedded.")],
    home: HomeOption = None,
) -> None:
    """Let the nights from now on use a model; texts it has read before are not read again."""
    from flows.model import load_model
    from flows.model_versions import use as step

    located = Home.at(home)
    reader = load_model(located, name=name)
    step(located, name)
    output.print(f"{name} is in use from now on: {reader.version}", markup=False, soft_wrap=True)
