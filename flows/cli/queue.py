"""Commands about the queues of departments: what is in them, who does what, and what the machine got wrong."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.cli.app import DEFAULT_CONFIG, ConfigOption, HomeOption, JsonOption, app
from flows.cli.terminal import errors, output, print_json, print_rows
from flows.errors import UsageError
from flows.home import Home
from flows.queue.store import Event, LabelKind, Status

queue = typer.Typer(help="The queues of departments: list, take, settle and correct their posts.", no_args_is_help=True)
app.add_typer(queue, name="queue")

MentionArgument = Annotated[str, typer.Argument(metavar="MENTION_ID", help="Id of a post, as `queue list` shows it.")]
DepartmentOption = Annotated[str, typer.Option("--department", "-d", help="In the queue of this department.")]
NoteOption = Annotated[str | None, typer.Option("--note", help="Why, for whoever looks at it next.")]
ByOption = Annotated[str | None, typer.Option("--by", help="Who decides; default: the user of this machine.")]

_LISTED = (
    "mention_id", "department", "priority", "status", "due_at", "is_overdue", "actor", "note", "is_edited_since",
    "sentiment", "intent", "reason", "text", "url",
)  # fmt: skip


@queue.command("list")
def list_(
    department: Annotated[str | None, typer.Option("--department", "-d", help="Of this department only.")] = None,
    status: Annotated[
        list[str] | None,
        typer.Option("--status", "-s", help="open, taken, done, not_for_us or all; default: open and taken."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Entries to print at most.")] = 100,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is in the queues, the most urgent first, with the decisions of this moment."""
    from flows.queue.decide import check_department, live_queue

    wanted = _statuses(status)
    located = Home.at(home)
    with _marts(located) as ask:
        if department is not None:
            check_department(located, ask, department)
        rows = live_queue(located, ask).ask(
            f"""
            select {", ".join(_LISTED)}
            from entries
            where ($department is null or department = $department) and list_contains($wanted::varchar[], status)
            order by priority, due_at, mention_id, department
            limit {limit + 1}
            """,
            {"department": department, "wanted": wanted},
        )
    shown = rows[:limit]
    if as_json:
        print_json([dict(zip(_LISTED, row, strict=True)) for row in shown])
    else:
        print_rows(_LISTED, shown)
    if len(rows) > limit:
        errors.print(f"Only the first {limit} entries are shown; ask for more with --limit.")


@queue.command()
def take(
    mention_id: MentionArgument, department: DepartmentOption, note: NoteOption = None, by: ByOption = None,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say that somebody is working on it."""
    _decide(mention_id, department, "taken", note, by, home, as_json)


@queue.command()
def done(
    mention_id: MentionArgument, department: DepartmentOption, note: NoteOption = None, by: ByOption = None,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say that it has been dealt with."""
    _decide(mention_id, department, "done", note, by, home, as_json)


@queue.command()
def reject(
    mention_id: MentionArgument, department: DepartmentOption, note: NoteOption = None, by: ByOption = None,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say that it is not for this department."""
    _decide(mention_id, department, "not_for_us", note, by, home, as_json)


@queue.command()
def reopen(
    mention_id: MentionArgument, department: DepartmentOption, note: NoteOption = None, by: ByOption = None,
    home: HomeOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Put it back into the queue."""
    _decide(mention_id, department, "open", note, by, home, as_json)


@queue.command()
def correct(
    mention_id: MentionArgument,
    sentiment: Annotated[str | None, typer.Option("--sentiment", help="negative, neutral or positive.")] = None,
    intent: Annotated[str | None, typer.Option("--intent", help="What the post is, such as complaint.")] = None,
    department: Annotated[str | None, typer.Option("--department", "-d", help="Who should have got it.")] = None,
    sender: Annotated[
        str | None, typer.Option("--from", help="With --department: whose queue it leaves, when it is in several.")
    ] = None,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
) -> None:
    """Say what the machine got wrong: kept as a label to learn from; a department's entry moves to the right queue."""
    from flows.queue import decide

    if not (sentiment or intent or department):
        raise UsageError("Say what is right: --sentiment, --intent or --department.")
    if sender and not department:
        raise UsageError("--from belongs to --department: it says whose queue the post leaves.")
    located, actor = Home.at(home), _actor(by)
    with _marts(located) as ask:
        decide.check_labels(ask, mention_id, {"sentiment": sentiment, "intent": intent})
        if department:
            known = decide.departments(located, ask, _configured(config))
            left = decide.pass_on(located, ask, mention_id, department, actor=actor, known=known, sender=sender)
            output.print(f"{mention_id} has moved from the queue of {left} to that of {department}.", soft_wrap=True)
        for kind, label in (("sentiment", sentiment), ("intent", intent)):
            if label:
                made = decide.correct(located, ask, mention_id, kind, label, actor=actor)  # type: ignore[arg-type]
                output.print(f"{mention_id}: {kind} {made.label} instead of {made.previous or 'none'}.", soft_wrap=True)


@queue.command()
def history(mention_id: MentionArgument, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Show everything that was decided about a post."""
    from flows.queue import decide

    located = Home.at(home)
    with _marts(located) as ask:
        found = decide.history(located, ask, mention_id)
    if as_json:
        print_json([vars(event) for event in found])
        return
    columns = ("happened_at", "department", "status", "actor", "passed_on_from", "note")
    print_rows(columns, [[getattr(event, column) for column in columns] for event in found])


@queue.command()
def labels(
    file: Annotated[Path, typer.Option("--output", "-o", help="A .csv or .jsonl file to write.")],
    kind: Annotated[str, typer.Option("--kind", help="sentiment, intent or department.")] = "sentiment",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the corrections of the queues as labels for `marktecho train`."""
    from typing import get_args

    from flows.files.mapping import did_you_mean
    from flows.queue.labels import write_labels

    known = get_args(LabelKind)
    if kind not in known:
        raise UsageError(f"--kind {kind}: known are {', '.join(known)}.{did_you_mean(kind, known)}")
    located = Home.at(home)
    with _marts(located) as ask:
        written = write_labels(located, ask, kind, file)  # type: ignore[arg-type]
    if as_json:
        print_json({"file": written.path, "labels": written.counts, "left_out": written.stale_count})
        return
    said = ", ".join(f"{label} {count:,}" for label, count in sorted(written.counts.items()))
    output.print(f"{written.path}: {written.counts.total():,} labels ({said}).", soft_wrap=True)
    if written.stale_count:
        errors.print(f"{written.stale_count:,} corrections left out: their posts have been edited or are gone.")


def _decide(
    mention_id: str, department: str, status: Status, note: str | None, by: str | None, home: Path | None, as_json: bool
) -> None:
    from flows.queue.decide import decide

    located = Home.at(home)
    with _marts(located) as ask:
        event = decide(located, ask, mention_id, department, status, actor=_actor(by), note=note)
    _show(event, as_json)


def _show(event: Event, as_json: bool) -> None:
    if as_json:
        print_json(vars(event))
        return
    status = event.status.replace("_", " ")
    output.print(f"{event.mention_id} in the queue of {event.department}: {status}, {event.actor}.", soft_wrap=True)


@contextmanager
def _marts(home: Home) -> Iterator[Callable[[str, dict[str, Any]], list[tuple[Any, ...]]]]:
    from flows.published import open_published

    with open_published(home) as marts:
        yield lambda sql, values: marts.execute(sql, values).fetchall()


def _statuses(given: list[str] | None) -> list[str]:
    from typing import get_args

    from flows.files.mapping import did_you_mean

    known = get_args(Status)
    for one in given or ():
        if one not in (*known, "all"):
            raise UsageError(f"--status {one}: known are {', '.join(known)} and all.{did_you_mean(one, known)}")
    if not given:
        return ["open", "taken"]
    return list(known) if "all" in given else given


def _actor(by: str | None) -> str:
    if by is not None:
        return by
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise UsageError("This machine does not say who you are. Add --by NAME.") from None


def _configured(config: Path) -> set[str]:
    """Departments of the settings; none when the default file is not there."""
    from flows.settings import load_settings

    if config == DEFAULT_CONFIG and not config.exists():
        return set()
    return {rule.department for rule in load_settings(config).departments}
