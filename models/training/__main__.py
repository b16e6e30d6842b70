"""``python -m models.training``: train the embedded model from the labelled sets."""

import logging
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.logging import RichHandler

from models.training.fit import Plan
from models.training.pipeline import train


def main(
    base: Annotated[Path, typer.Option(help="Folder of multilingual-e5-small (base_from_wheels.py makes one).")],
    data: Annotated[Path, typer.Option(help="The labelled sets.")] = Path("../shared/data"),
    out: Annotated[Path, typer.Option(help="Where the weights go.")] = Path("models/weights"),
    work: Annotated[Path, typer.Option(help="Intermediate results, to go on after a kill.")] = Path("build/training"),
    layers: Annotated[str, typer.Option(help="Numbers of the e5 layers to start from.")] = "0,1,2,3,4,5",
    passes: Annotated[int, typer.Option(min=1, help="Passes over the training pools.")] = 4,
    threads: Annotated[int, typer.Option(min=1, help="Processors to use.")] = 2,
) -> None:
    """Trim the vocabulary, embed with the teacher, fit, export, calibrate; every step is kept in WORK."""
    for folder in (base, data):
        if not folder.is_dir():
            raise typer.BadParameter(f"{folder} is no folder")
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[RichHandler(show_path=False)])
    torch.set_num_threads(threads)
    train(data, base, out, work, [int(number) for number in layers.split(",")], Plan(passes=passes))


if __name__ == "__main__":
    typer.run(main)
