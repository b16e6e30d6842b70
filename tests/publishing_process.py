"""Run as a process by tests/test_publish.py: publishes the marts of a home and dies at a chosen call.

    python publishing_process.py HOME RUN_ID FUNCTION CALL

FUNCTION is `module.name`; the process kills itself with SIGKILL when it is called for the CALL-th time, before (`+0`)
or after (`+1`) the function has done its work: CALL is written 1+0, 1+1, 2+0 ...
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from warehouse_fixture import make_night

from flows.home import Home
from flows.publish import publish


def die_at(function: str, call: str) -> None:
    module_name, name = function.rsplit(".", 1)
    module = importlib.import_module(module_name)
    original = getattr(module, name)
    number, after = (int(part) for part in call.split("+"))
    calls = 0

    def deadly(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*args, **kwargs)
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, name, deadly)


if __name__ == "__main__":
    home, run_id, function, call = sys.argv[1:]
    die_at(function, call)
    publish(make_night(Home.locate(Path(home)), run_id=run_id))
