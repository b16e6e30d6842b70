"""The command that serves the web page."""

from __future__ import annotations

import os
import sys
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import HomeOption, app
from flows.errors import UsageError
from flows.home import Home


@app.command()
def dashboard(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(help="The port to serve on.", min=1, max=65_535)] = 8501,
    address: Annotated[str, typer.Option(help="The address to serve on; this machine's own only.")] = "127.0.0.1",
    open_browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Serve the web page over the published marts until interrupted."""
    if not _is_own(address):
        raise UsageError(
            f"--address {address}: the page has no sign-in of its own and is served on this machine only "
            "(127.0.0.1, ::1 or localhost). To share it, put a proxy with sign-in in front of it: docs/dashboard.md."
        )
    place = Home.locate(home).root
    page = Path(str(resources.files("dashboard"))) / "app.py"
    settings = {
        "server.address": address,
        "server.port": str(port),
        "server.headless": str(not open_browser).lower(),
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    paths = [str(page.parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"MARKTECHO_HOME": str(place), "PYTHONPATH": os.pathsep.join(paths)}
    sys.stdout.flush()
    os.execve(  # noqa: S606 - our own page; signals reach it directly
        sys.executable, [sys.executable, "-m", "streamlit", "run", str(page), *options], environment
    )


def _is_own(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
