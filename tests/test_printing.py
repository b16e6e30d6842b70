"""What commands print: texts of posts as they are, wide rows so that they can be read, plain lines into a pipe."""

from __future__ import annotations

import io
from typing import Any

import pytest

from flows.cli.terminal import plain_console, print_rows

POST = "Ruf [phone] an [/red] :smile: [bold]"


def printed(columns: list[str], rows: list[tuple[Any, ...]], *, width: int | None = None) -> str:
    """What is printed on a terminal of a width, or (without one) into a pipe."""
    file = io.StringIO()
    options = {} if width is None else {"force_terminal": True, "width": width, "color_system": None}
    print_rows(columns, rows, plain_console(file=file, **options))
    return file.getvalue()


@pytest.mark.parametrize("width", [None, 80, 20])
def test_placeholders_and_brackets_of_a_post_are_printed_as_they_are(width: int | None) -> None:
    shown = printed(["text"], [(POST,)], width=width)
    assert [word for word in POST.split() if word not in shown] == []


def test_a_pipe_gets_a_line_per_row_and_tabs_between_columns() -> None:
    rows = [("a\tb\nc", 1, None), ("x" * 500, 2.5, True)]
    assert printed(["text", "count", "more"], rows) == f"text\tcount\tmore\na b c\t1\t\n{'x' * 500}\t2.5\tTrue\n"
    assert printed(["text"], []) == "text\n"


def test_columns_that_fit_are_a_table() -> None:
    lines = printed(["entity", "count"], [("velumo", 3), ("pedelo", 14)], width=80).splitlines()
    assert len(lines) == 6
    assert all("velumo" not in line or "3" in line for line in lines)


def test_columns_that_do_not_fit_are_a_block_per_row() -> None:
    columns = [f"column_{number}" for number in range(20)]
    rows = [tuple(f"value {number} of row {row}" for number in range(20)) for row in (1, 2)]
    lines = [" ".join(line.split()) for line in printed(columns, rows, width=80).splitlines()]
    for row in (1, 2):
        assert [line for line in lines if line.startswith(f"row {row} ")]
        for number in range(20):
            assert f"column_{number} value {number} of row {row}" in lines


def test_a_long_text_beside_short_columns_stays_a_table() -> None:
    shown = printed(["source", "text"], [("forum", "lange Worte " * 40)], width=80)
    assert "row 1" not in shown
    assert max(map(len, shown.splitlines())) <= 80
