"""The command that serves the web page."""

from __future__ import annotations

import os
import sys
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from flows.cli.app import DEFAULT_CONFIG, ConfigOption, HomeOption, app
from flows.cli.terminal import errors
from flows.errors import UsageError
from flows.home import Home
from flows.settings import Access, is_own_host, load_settings


@app.command()
def dashboard(
    config: ConfigOption = DEFAULT_CONFIG,
    home: HomeOption = None,
    port: Annotated[int, typer.Option(help="The port to serve on.", min=1, max=65_535)] = 8501,
    address: Annotated[
        str, typer.Option(help="The address to serve on; one that others can reach needs a sign-in.")
    ] = "127.0.0.1",
    open_browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")] = True,
) -> None:
    """Serve the web page over the published marts until interrupted."""
    is_configured = config != DEFAULT_CONFIG or config.exists()
    access = load_settings(config).access if is_configured else Access()
    if access.sign_in is None and not is_own_host(address):
        raise UsageError(
            f"--address {address}: others can reach this address, and there is no sign-in. Add `access` with `sign_in` "
            f"to {config} (docs/reference/settings.md), or serve on this machine only: 127.0.0.1, ::1 or localhost."
        )
    located = Home.locate(home)
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
    paths = [str(page.parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"MARKTECHO_HOME": str(located.root), "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("MARKTECHO_PAGE_SETTINGS", None)
    if is_configured:
        environment["MARKTECHO_PAGE_SETTINGS"] = str(config.resolve())
    if access.sign_in is None:
        settings["secrets.files"] = str(located.secrets / "none.toml")
        errors.print(
            "Everybody at this machine sees everything; access in the settings adds a sign-in.", soft_wrap=True
        )
    else:
        from flows.sign_in import write_sign_in

        settings["secrets.files"] = str(write_sign_in(located, access.sign_in))
        settings["browser.serverAddress"] = access.sign_in.page_host
    options = [f"--{name}={value}" for name, value in settings.items()]
    sys.stdout.flush()
    os.execve(  # noqa: S606 - our own page; signals reach it directly
        sys.executable, [sys.executable, "-m", "dashboard.serve", str(page), *options], environment
    )
