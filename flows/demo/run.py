"""The demo: two real nights over sixty scripted days, on local servers that speak the platforms' protocols."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template

from flows.demo.stage import Stage, staged
from flows.demo.story.cast import SECRET_PROJECT
from flows.demo.story.script import Script
from flows.demo.survey.responses import CODEBOOK, write_waves
from flows.errors import ExitCode, UsageError
from flows.home import Home
from flows.leaks.watchlist import add

MARKER = "marktecho-demo"
"""A file of this name says that a state folder belongs to the demo and may be wiped."""
LEAK_NAME = "bike of next spring"
"""Under this name the demo watches for its planted leak."""

RunNight = Callable[[Path, Home, str], ExitCode]
Recheck = Callable[[Path, Home], int]
ImportSurvey = Callable[[Path, Home, Path, Path, str], int]
Say = Callable[[str], None]


def run_demo(root: Path, run_night: RunNight, recheck: Recheck, import_survey: ImportSurvey, say: Say) -> ExitCode:
    """Play the script and listen to it for two nights.

    Before the last day some authors delete their posts; the recheck notices, and the second night's marts hold them no
    more. The demo's state folder is made anew. Raises UsageError when `root` holds something else.
    """
    home = _fresh_home(root)
    end = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    with staged(Script(end)) as stage:
        config = _settings(home, stage)
        add(home, LEAK_NAME, [SECRET_PROJECT])
        last_morning = end - timedelta(days=1)
        stage.advance(last_morning)
        for wave, file in write_waves(home.root / "survey", end):
            count = import_survey(config, home, file, CODEBOOK, wave)
            say(f"A survey of the industry, wave {wave}: {count} responses.")
        say("First night: 59 days of public posts on local Mastodon, Hacker News and feed servers.")
        code = run_night(config, home, (last_morning + timedelta(hours=2, minutes=30)).isoformat())
        if code is not ExitCode.DONE:
            return code
        stage.advance(end)
        deleted = stage.delete_regretted_posts()
        say(f"A day later: new posts, and {deleted} posts have been deleted by their authors.")
        gone = recheck(config, home)
        say(f"The recheck found {gone} of them gone. Second night:")
        return run_night(config, home, (end + timedelta(hours=2, minutes=30)).isoformat())


def _fresh_home(root: Path) -> Home:
    if root.exists() and any(root.iterdir()):
        if not (root / MARKER).exists():
            raise UsageError(f"{root}: this folder is not the demo's and is not empty. Name another one with --home.")
        shutil.rmtree(root)
    home = Home.locate(root)
    (home.root / MARKER).touch()
    return home


def _settings(home: Home, stage: Stage) -> Path:
    template = Template(Path(__file__).with_name("listening.yaml").read_text(encoding="utf-8"))
    config = home.root / "listening.yaml"
    config.write_text(
        template.substitute(MASTODON=stage.mastodon.url, HACKERNEWS=stage.hackernews.url, FEEDS=stage.feeds.url),
        encoding="utf-8",
    )
    return config
