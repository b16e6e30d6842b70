"""The page in a real browser: headless Chromium through Selenium, the way a person walks through it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
from selenium import webdriver
from selenium.common.exceptions import ElementNotInteractableException, StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

T = TypeVar("T")
SECONDS = 30
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
IS_THERE = CHROMIUM is not None and DRIVER is not None


def _waited(look: Callable[[], T], what: str, seconds: float = SECONDS) -> T:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)
    return found


class Page:
    """One tab with the page in it. `first_seconds`: from asking for the address until the page had finished."""

    first_seconds = 0.0

    def __init__(self, driver: webdriver.Chrome, address: str, downloads: Path) -> None:
        self.driver, self.address, self.downloads = driver, address, downloads

    def open(self) -> None:
        """Load the page anew."""
        began = time.perf_counter()
        self.driver.get(self.address)
        _waited(lambda: self.is_finished, "the page to finish")
        self.first_seconds = self.first_seconds or time.perf_counter() - began
        self.settle()

    def settle(self) -> None:
        """Wait until the page has finished what it is doing, and see that nothing went wrong."""
        time.sleep(0.3)
        _waited(
            lambda: self._one('[data-testid="stApp"][data-test-script-state="notRunning"] h1'), "the page to finish"
        )
        errors = [error.text for error in self._all('[data-testid="stException"], [data-testid="stAlertContentError"]')]
        assert not errors, errors

    def go_to(self, title: str) -> None:
        """Click a view in the side bar by its title, and wait until it is there."""
        _waited(lambda: self._click('[data-testid="stSidebarNavLink"]', title), f"the link to {title}")
        _waited(lambda: self.title == title, f"the view {title}")
        self.settle()

    def press(self, label: str) -> None:
        """Click the button with that label."""
        _waited(lambda: self._click("button", label), f"the button {label}")
        self.settle()

    def write(self, text: str) -> None:
        """Write into the view's text field, in place of what is there."""
        field = _waited(lambda: self._one('[data-testid="stTextInput"] input'), "a text field")
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text, Keys.ENTER)
        self.settle()

    def choose_first_row(self) -> None:
        """Click the left edge of the first row of the first table."""
        table = _waited(lambda: self._one('[data-testid="stDataFrame"] canvas'), "a table")
        size = table.size
        ActionChains(self.driver).move_to_element_with_offset(
            table, 16 - size["width"] // 2, 52 - size["height"] // 2
        ).click().perform()
        self.settle()

    def download(self, name: str) -> Path:
        """Take the rows of a table along; returns the file."""
        self._all('[data-testid="stPopover"] button')[0].click()
        _waited(lambda: self._click("button", name), name)
        file = self.downloads / name
        _waited(lambda: file.exists() and file.stat().st_size, f"{name} on disk")
        self.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.ESCAPE)
        return file

    @property
    def is_finished(self) -> bool:
        """Whether the page is there and its script is not running."""
        return self._one('[data-testid="stApp"][data-test-script-state="notRunning"] h1') is not None

    @property
    def title(self) -> str:
        """The title of the view."""
        return str(self.driver.execute_script("return document.querySelector('h1')?.innerText ?? ''"))

    @property
    def text(self) -> str:
        """All words to be read on the page, without those inside tables and charts, which are drawn."""
        return str(self.driver.execute_script("""return document.querySelector('[data-testid="stMain"]').innerText"""))

    @property
    def chart_count(self) -> int:
        """Charts that have been drawn."""
        return len(self._all('[data-testid="stVegaLiteChart"] canvas, [data-testid="stVegaLiteChart"] svg'))

    def wait_for(self, words: str) -> None:
        """Wait until words can be read."""
        _waited(lambda: words in self.text, words)

    def wait_until(self, look: Callable[[], object], what: str) -> None:
        """Wait until something is so."""
        _waited(look, what)

    def _click(self, selector: str, label: str) -> bool:
        """Click what has a label; False when it is not there, or has been drawn anew in between."""
        try:
            for found in self._all(selector):
                if found.text.splitlines()[-1:] == [label]:
                    found.click()
                    return True
        except (StaleElementReferenceException, ElementNotInteractableException):
            pass
        return False

    def _one(self, selector: str) -> WebElement | None:
        found = self._all(selector)
        return found[0] if found else None

    def _all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)


@contextmanager
def page_in_browser(home: Path, downloads: Path) -> Iterator[Page]:
    """Serve the page of a state folder with `marktecho dashboard` and open it in a browser."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from flows.cli import main; main()", "dashboard", "--no-browser"]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen([*command, "--home", str(home), "--port", str(port)], start_new_session=True) as server:
        try:
            _waited(lambda: _is_up(f"{address}/_stcore/health"), "the server")
            options = webdriver.ChromeOptions()
            options.binary_location = CHROMIUM or ""
            for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1440,1800"):
                options.add_argument(argument)
            options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
            driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
            try:
                page = Page(driver, address, downloads)
                page.open()
                yield page
            finally:
                driver.quit()
        finally:
            server.terminate()


def _is_up(address: str) -> bool:
    try:
        return httpx.get(address, timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
