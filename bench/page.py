"""Measure the page over many mentions in headless Chromium: `python -m bench.page [--mentions 1000000] [--home DIR]`.

Makes and publishes a home first, which takes minutes at a million; with `--home` it is kept and used again. Writes
bench/PAGE.md. Needs Chromium and its driver.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import psutil
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bench.many_mentions import published_home
from tests.browser import Page, page_in_browser

RESULTS = Path(__file__).with_name("PAGE.md")
UNNOTICED_SECONDS = 5
"""A page that is finished after so long without having been seen to begin was redrawn as a whole."""
Step = Callable[[], None]
VIEWS = ("overview", "mentions", "feedback", "topics", "competitors", "leads", "queues", "index", "sources")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__)
    parser.add_argument("--mentions", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--make-only", action="store_true", help="make the home and measure nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="marktecho-bench-") as folder:
        home = published_home(options.home or Path(folder) / "home", options.mentions)
        if options.make_only:
            return
        with page_in_browser(home.root, Path(folder)) as page:
            times = _walk(page)
        megabytes = home.marts.stat().st_size / 1e6
    RESULTS.write_text(_report(options.mentions, megabytes, times), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))


def _walk(page: Page) -> dict[str, float]:
    """Seconds from a click until the page has finished: each step for the first time, so nothing is remembered."""
    times = {
        "overview, first view after the server has started": page.first_seconds,
        "overview, the next reader": _timed(page, page.driver.refresh),
        "overview, a reader with an empty browser": _timed(page, partial(_refresh_empty, page)),
    }
    for view in VIEWS[1:]:
        link = page.driver.find_element(By.CSS_SELECTOR, f'[data-testid="stSidebarNavLink"][href$="/{view}"]')
        times[f"{view}, first view"] = _timed(page, link.click)
        for name, prepare in _filters(view):
            page.settle()
            times[f"{view}, {name}"] = _timed(page, prepare(page))
    return times


def _refresh_empty(page: Page) -> None:
    page.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
    page.driver.refresh()


def _filters(view: str) -> list[tuple[str, Callable[[Page], Step]]]:
    """What is tried in a view: a name, and how to get everything ready for the last click or key, which is timed."""
    return {
        "mentions": [
            ("search by words and meaning", lambda page: _write(page, "Lieferung verspätet sich")),
            ("another search", lambda page: _write(page, "battery refuses to charge")),
            ("period of 90 days", lambda page: _pick(page, 0, 3)),
            ("everything", lambda page: _pick(page, 0, 4)),
            ("exact words", lambda page: _press(page, "Exact words")),
            ("other exact words", lambda page: _write(page, "Akku schwach")),
            ("an entity", lambda page: _pick(page, 1, 1)),
        ],
        "feedback": [
            ("another entity", lambda page: _pick(page, 0, 1)),
            ("90 days", lambda page: _press(page, "last 90 days")),
        ],
        "topics": [("another topic", lambda page: _pick(page, 0, 2))],
        "leads": [("90 days", lambda page: _press(page, "last 90 days"))],
    }.get(view, [])


def _write(page: Page, text: str) -> Step:
    field = page.driver.find_element(By.CSS_SELECTOR, '[data-testid="stTextInput"] input')
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text)
    return lambda: field.send_keys(Keys.ENTER)


def _press(page: Page, label: str) -> Step:
    return next(button for button in page.driver.find_elements(By.TAG_NAME, "button") if button.text == label).click


def _pick(page: Page, number: int, option: int) -> Step:
    boxes = page.driver.find_elements(
        By.CSS_SELECTOR, '[data-testid="stSelectbox"] input, [data-testid="stMultiSelect"] input'
    )
    boxes[number].click()
    page.wait_until(lambda: page.driver.find_elements(By.CSS_SELECTOR, '[role="option"]'), "the options")
    return page.driver.find_elements(By.CSS_SELECTOR, '[role="option"]')[option].click


def _timed(page: Page, step: Step) -> float:
    """Seconds from a step until the script has run and the browser has drawn; waits for the script to begin, too."""
    page.settle()
    page.driver.execute_script(
        """
        window.began = null; window.ended = null;
        new MutationObserver(() => {
            const app = document.querySelector('[data-testid="stApp"]');
            const state = app && app.getAttribute('data-test-script-state');
            if (state === 'running') { window.began ??= performance.now(); window.ended = null; }
            else if (window.began !== null) { window.ended ??= performance.now(); }
        }).observe(document, {subtree: true, attributes: true, childList: true});
        """
    )
    began = time.perf_counter()
    step()
    is_new_document = page.driver.execute_script("return window.began === undefined")
    if is_new_document:
        page.wait_until(lambda: page.is_finished, "the page")
        return time.perf_counter() - began
    page.wait_until(
        lambda: (
            page.driver.execute_script("return window.ended")
            or (page.is_finished and time.perf_counter() - began > UNNOTICED_SECONDS)
        ),
        "the page",
    )
    return time.perf_counter() - began


def _report(count: int, megabytes: float, times: dict[str, float]) -> str:
    return "\n".join(
        [
            "# Measured: the page",
            "",
            f"`python -m bench.page --mentions {count}`, {datetime.now(UTC):%Y-%m-%d}, {psutil.cpu_count()} cores, "
            f"Python {platform.python_version()}, streamlit {version('streamlit')}, duckdb {version('duckdb')}.",
            "",
            f"{count:,} made-up mentions of a year ({megabytes:,.0f} MB published), headless Chromium on this machine.",
            "Seconds from the last click or key until the page has finished and is drawn. Every step is taken for the",
            "first time, so that no answer is remembered from before.",
            "",
            "| step | seconds |",
            "|---|---:|",
            *(f"| {name} | {seconds:.2f} |" for name, seconds in times.items()),
            "",
        ]
    )


if __name__ == "__main__":
    main()
