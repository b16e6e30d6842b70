"""Progress in a log: short, and never without the beginning and the end of a step."""

from __future__ import annotations

import threading

import pytest

from flows.errors import UsageError
from flows.progress import SECONDS_VARIABLE, in_lines


def told(monkeypatch: pytest.MonkeyPatch, *reports: tuple[float, str, int, int | None], every: str = "10") -> list[str]:
    """What is written when steps report at certain seconds."""
    monkeypatch.setenv(SECONDS_VARIABLE, every)
    lines: list[str] = []
    times = iter([second for second, *_ in reports])
    with in_lines(lines.append, clock=lambda: next(times)) as report:
        for _, step, done, total in reports:
            report(step, done, total)
    return lines


def test_a_quick_step_is_told_when_it_begins_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = [(number / 10, "build", number, 28) for number in range(1, 29)]
    assert told(monkeypatch, *reports) == ["build: 1 of 28", "build: 28 of 28"]


def test_a_long_step_is_told_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = [(second, "enrich", second * 100, 4_000) for second in range(41)]
    expected = [f"enrich: {done} of 4,000" for done in ("0", "1,000", "2,000", "3,000", "4,000")]
    assert told(monkeypatch, *reports) == expected


def test_the_last_word_of_a_step_without_a_total_comes_before_the_next_step(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = [(0, "ingest a", 5_000, None), (1, "ingest a", 10_000, None), (2, "ingest a", 15_103, None)]
    assert told(monkeypatch, *reports) == ["ingest a: 5,000", "ingest a: 15,103"]
    followed = told(monkeypatch, *reports, (3, "prepare", 0, 9), (4, "prepare", 4, 9))
    assert followed == ["ingest a: 5,000", "ingest a: 15,103", "prepare: 0 of 9", "prepare: 4 of 9"]


def test_zero_seconds_tell_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = [(0, "build", number, 3) for number in range(4)]
    assert told(monkeypatch, *reports, every="0") == [f"build: {number} of 3" for number in range(4)]


@pytest.mark.parametrize("seconds", ["soon", "-1", "nan"])
def test_a_wrong_interval_is_wrong_use(monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    with pytest.raises(UsageError, match=f"{SECONDS_VARIABLE}={seconds}: not a number of seconds"):
        told(monkeypatch, (0, "build", 1, 3), every=seconds)


def test_sources_may_report_at_once() -> None:
    lines: list[str] = []
    with in_lines(lines.append) as report:
        threads = [
            threading.Thread(target=lambda name=name: [report(name, done, 50) for done in range(51)])  # type: ignore[misc]
            for name in "abcd"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for name in "abcd":
        own = [line for line in lines if line.startswith(name)]
        assert (own[0], own[-1]) == (f"{name}: 0 of 50", f"{name}: 50 of 50")
