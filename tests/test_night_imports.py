"""The night's libraries are loaded by one thread."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

LOADING = """
import sys, threading

others = set()

def listen(event, arguments):
    if event == "import" and threading.current_thread() is not threading.main_thread():
        others.add(arguments[0].partition(".")[0])

sys.addaudithook(listen)
from flows.cli.night import _import_while_the_server_starts
_import_while_the_server_starts()
from prefect.server.api.server import SubprocessASGIServer
assert SubprocessASGIServer().running
print(*sorted(others & {"sqlalchemy", "prefect", "dbt", "great_expectations", "flows", "onnxruntime", "pydantic"}))
"""


def test_no_other_thread_imports_what_the_night_imports(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    done = subprocess.run(
        [sys.executable, "-c", LOADING],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"PREFECT_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
