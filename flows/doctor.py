"""Find out why a night would fail, before it does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb

from flows.errors import MarktechoError, UsageError
from flows.home import Home
from flows.remedies import in_words
from flows.settings import Channel, Settings, load_settings
from flows.sources.base import SourceFailed, SourceSettings
from flows.sources.registry import connector

OLD_AFTER = timedelta(hours=36)
"""Marts older than that mean that a night was missed."""
GIGABYTE = 1_000_000_000
SMALLEST_ROOM = 200_000_000
"""Bytes that a night needs on the disk besides, for working files."""


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    checked: str
    is_ok: bool
    found: str
    is_wrong_use: bool = False
    """The settings are wrong: nothing else can be judged."""


def examine(config: Path, home: Path | None) -> list[Finding]:
    """Check everything a night needs; later checks are left out when the settings cannot be read."""
    try:
        settings = load_settings(config)
    except UsageError as error:
        return [Finding(f"settings {config}", False, str(error), is_wrong_use=True)]
    located = Home.locate(home)
    findings = [
        Finding(
            f"settings {config}",
            True,
            f"{len(settings.entities)} entities, {len(settings.sources)} sources, {len(settings.aspects)} aspects",
        ),
        _checked("model", lambda: _model(located)),
        _checked(f"warehouse {located.warehouse}", lambda: _warehouse(located)),
        _checked(f"published marts {located.marts}", lambda: _published(located)),
        _checked("watchlist", lambda: _watchlist(located, settings)),
        _checked(f"room at {located.root}", lambda: _room(located)),
        _checked("backup", lambda: _backup(located)),
    ]
    findings.append(_checked("sources in their last runs", lambda: _as_usual(located)))
    findings += _sources(located, settings)
    findings += _channels(located, settings)
    findings += _page(located, settings)
    return findings


def mend(config: Path, home: Path | None) -> list[Finding]:
    """Mend what is damaged (flows/repair.py); a finding per repair. Raises WarehouseBusy when a run is at work."""
    from flows.repair import repair

    repairs = repair(Home.locate(home), config)
    return [Finding(f"damaged: {one.damaged}", one.is_mended, one.done) for one in repairs]


def _checked(what: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, check())
    except SourceFailed as failure:
        return Finding(what, False, f"{failure.outcome}: {failure}")
    except (MarktechoError, duckdb.Error, OSError) as error:
        return Finding(what, False, in_words(error) or str(error))


def _model(home: Home) -> str:
    from flows.model import load_model

    reader = load_model(home)
    reader.read(["Guten Morgen"])
    return reader.version


def _warehouse(home: Home) -> str:
    from flows.warehouse import connect, exclusive

    if not home.warehouse.exists():
        return "not there yet; the first night creates it"
    with exclusive(home), connect(home) as warehouse:
        counted = warehouse.execute("select count(*) from core.mentions").fetchone()
    return f"{counted[0] if counted else 0:,} mentions"


def _published(home: Home) -> str:
    from flows.published import open_published

    if not home.marts.exists():
        return "nothing published yet; run: marktecho nightly"
    with open_published(home) as marts:
        row = marts.execute("select max(finished_at) from runs").fetchone()
    if row is None or row[0] is None:
        raise UsageError("the published file names no finished run; run: marktecho nightly")
    age = datetime.now(UTC) - row[0].astimezone(UTC)
    if age > OLD_AFTER:
        raise UsageError(
            f"{age.days} days old: nights are being missed; look at the schedule and at `marktecho nightly`"
        )
    return f"{age.total_seconds() / 3600:.0f} hours old"


def _room(home: Home) -> str:
    """A night writes the changed warehouse and a publication beside the old ones. Raises UsageError for too little."""
    used = sum(path.stat().st_size for path in (home.warehouse, home.marts) if path.exists())
    free = shutil.disk_usage(home.root).free
    said = f"{free / GIGABYTE:,.1f} GB free; warehouse and publication take {used / GIGABYTE:,.1f} GB"
    if free < 2 * used + SMALLEST_ROOM:
        raise UsageError(f"{said}: a night may need twice as much again; make room")
    return said


def _backup(home: Home) -> str:
    try:
        last = json.loads(home.last_backup.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return "none yet; run: marktecho backup FOLDER"
    return f"the last one is {last['path']} of {last['made_at'][:16]} UTC"


def _watchlist(home: Home, settings: Settings) -> str:
    """How much is watched for. Raises UsageError for what cannot be, and MarktechoError for a damaged file."""
    from flows.leaks.from_settings import with_settings
    from flows.leaks.watchlist import Watchlist

    listed = settings.watchlist
    if not (home.watchlist.exists() or listed.terms or listed.documents):
        return "nothing is watched for"
    problems: list[str] = []
    entries = list(with_settings(Watchlist.read(home), settings, problems.append).entries.values())
    if problems:
        raise UsageError("; ".join(problems))
    said = f"{sum(len(one.terms) for one in entries)} terms, {sum(len(one.documents) for one in entries)} documents"
    if listed.terms:
        said += "; some stand readable in the settings, `marktecho watchlist add` keeps fingerprints only"
    return said


def _sources(home: Home, settings: Settings) -> Iterator[Finding]:
    for source in settings.sources:
        if source.enabled:
            yield _checked(f"source {source.source} ({source.type})", partial(_reachable, home, source))
        else:
            yield Finding(f"source {source.source} ({source.type})", True, "switched off")


def _channels(home: Home, settings: Settings) -> Iterator[Finding]:
    """Whether the addresses can be read and have taken their last message; `marktecho alerts test` tries them."""
    for channel in settings.alerts.channels:
        yield _checked(f"channel {channel.name}", partial(_channel, home, channel))


def _channel(home: Home, channel: Channel) -> str:
    from flows.notifications.channels import service
    from flows.notifications.log import last_failure
    from flows.warehouse import connect, exclusive

    name = service(channel)
    if home.warehouse.exists():
        with exclusive(home), connect(home) as warehouse:
            failure = last_failure(warehouse, channel.name)
        if failure:
            raise UsageError(f"{failure}; its messages are tried again by every run (try now: marktecho alerts send)")
    return name


def _page(home: Home, settings: Settings) -> Iterator[Finding]:
    """Whether readers can sign in, and decide about queues."""
    from flows.queue.store import count_decisions
    from flows.sign_in import check_provider

    if settings.access.sign_in is not None:
        yield _checked("sign-in of the page", partial(check_provider, settings.access.sign_in))
    if home.decisions.exists():
        yield _checked(f"decisions {home.decisions}", lambda: f"{count_decisions(home):,} decisions")


def _as_usual(home: Home) -> str:
    """What the last published night says of its sources. Raises UsageError when one fails or is not as usual."""
    if not home.marts.exists():
        return "nothing published yet"
    from flows.published import open_published

    with open_published(home) as marts:
        rows = marts.execute(LATEST_RUNS).fetchall()
    wrong = [f"{source}: {outcome}{f' ({words})' if words else ''}" for source, outcome, words in rows]
    if wrong:
        raise UsageError("; ".join(wrong))
    return "all delivered, and as much as usual"


LATEST_RUNS = """
with latest as (
    from marts.source_health
    qualify row_number() over (partition by source order by started_at desc) = 1
)
select source, outcome, concat_ws('; ', message, array_to_string(alarms, '; '))
from latest
where outcome not in ('ok', 'no_hits') or len(alarms) > 0
order by source
"""


def _reachable(home: Home, source: SourceSettings) -> str:
    return f"reachable; {connector(source, home).probe()}"
