"""The long form of the fault suite: nights killed at random moments, one after the other.

    python -m tests.faults --kills 50 --seed 1

A home is killed again and again until a night comes through; that night is compared with an undisturbed one, and then
the next home begins. With `--folder` the figures are kept there, so that many short calls add up.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from tests.faults.reader import reading
from tests.faults.small_night import Village, fingerprint, found, kept_ids, posts
from tests.prefect_server import PrefectServer


@dataclass
class Figures:
    """What came of it. A run is a night that was begun; `killed_in` counts kills by the step they fell into."""

    run_count: int = 0
    kill_count: int = 0
    completed_count: int = 0
    lost_count: int = 0
    duplicate_count: int = 0
    wrong_marts_count: int = 0
    read_count: int = 0
    wrong_read_count: int = 0
    killed_in: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def main() -> int:
    """Kill nights; returns 1 when anything was lost, twice or wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    options.add_argument("--kills", type=int, default=50, help="kills in all, those of earlier calls included")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--folder", type=Path, help="where homes and figures are kept; default: a temporary one")
    options.add_argument("--minutes", type=float, default=600, help="stop after so many minutes")
    wanted = options.parse_args()
    folder = wanted.folder or Path(tempfile.mkdtemp(prefix="faults-"))
    until = time.monotonic() + wanted.minutes * 60
    stored = folder / f"figures-{wanted.seed}.json"
    figures = _stored(stored)
    with tempfile.TemporaryDirectory() as server, PrefectServer(Path(server)) as prefect:
        village, seconds = _village(folder, prefect)
        while figures.kill_count < wanted.kills and time.monotonic() < until:
            _round(village, seconds, figures, wanted, until)
            stored.write_text(json.dumps(asdict(figures)))
    print(json.dumps(asdict(figures), indent=1))  # noqa: T201
    return int(bool(figures.problems))


def _stored(path: Path) -> Figures:
    return Figures(**json.loads(path.read_text())) if path.exists() else Figures()


def _village(folder: Path, prefect: PrefectServer) -> tuple[Village, float]:
    """The village, and how long its second night takes when nobody disturbs it."""
    if (folder / "village" / "calm").exists():
        village = Village(folder / "village", prefect.environment, sorted(post.key for post in posts()))
    else:
        village = found(folder / "village", prefect.environment)
    home = village.begin_with(village.first)
    started = time.monotonic()
    assert village.night(home).code == 0
    return village, time.monotonic() - started


def _round(village: Village, seconds: float, figures: Figures, wanted: argparse.Namespace, until: float) -> None:
    """Kill nights of one home until one comes through: by chance, or because there are enough kills or no more time."""
    home = village.begin_with(village.first)
    undisturbed = fingerprint(village.calm)
    allowed = {fingerprint(home), undisturbed}
    first_day = set(kept_ids(home)["core.mentions"])
    problem_count = len(figures.problems)
    with reading(home) as reader:
        while True:
            figures.run_count += 1
            night = village.start(home)
            if figures.kill_count >= wanted.kills or time.monotonic() > until:
                break
            if not night.kill_after(Random(f"{wanted.seed} {figures.run_count}").uniform(0.2, 1.2 * seconds)):
                break
            figures.kill_count += 1
            step = _step(night.printed)
            figures.killed_in[step] = figures.killed_in.get(step, 0) + 1
            _check(home, first_day, figures, "after a kill")
        ended = night.end()
    figures.completed_count += 1
    figures.read_count += reader.look_count
    figures.wrong_read_count += len(reader.wrong) + len(reader.seen - allowed)
    figures.problems += [*reader.wrong, *(f"a mixture was read: {each}" for each in reader.seen - allowed)]
    if ended.code:
        figures.problems.append(ended.printed)
    if fingerprint(home) != undisturbed:
        figures.wrong_marts_count += 1
        figures.problems.append("the marts are not those of an undisturbed night")
    _check(home, set(village.post_ids), figures, "at the end")
    if len(figures.problems) > problem_count:
        home.rename(village.folder / f"problem-{figures.run_count}")


def _check(home: Path, expected: set[str], figures: Figures, when: str) -> None:
    for table, native_ids in kept_ids(home).items():
        lost = len(expected - set(native_ids))
        duplicates = len(native_ids) - len(set(native_ids))
        figures.lost_count += lost
        figures.duplicate_count += duplicates
        if lost or duplicates:
            figures.problems.append(f"run {figures.run_count}: {table} has {lost} lost, {duplicates} twice {when}")


def _step(printed: str) -> str:
    """The step that the last line of progress tells."""
    steps = [line.split(":")[0] for line in printed.splitlines() if ": " in line and "|" not in line]
    return steps[-1].split()[0] if steps else "start"


if __name__ == "__main__":
    sys.exit(main())
