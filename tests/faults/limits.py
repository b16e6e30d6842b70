"""What is taken away from a process before it works: room on the disk, the right to write, the true time.

Each works for root and for anybody else, in a container as on a desk.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

CAPABILITIES_VERSION = 0x20080522
DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER = 1, 2, 3


@dataclass(frozen=True)
class FullDisk:
    """No file can grow beyond a size: what a full disk or a used up quota does, to the error of the system's call."""

    largest: int

    def __call__(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.largest, self.largest))


def without_roots_powers() -> None:
    """Let the modes of files count for root, too: the process may write only where anybody with its id could."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = ctypes.create_string_buffer(struct.pack("Ii", CAPABILITIES_VERSION, 0))
    data = ctypes.create_string_buffer(24)
    if libc.capget(header, data):
        raise OSError(ctypes.get_errno(), "capget")
    effective, permitted, inheritable, *high = struct.unpack("6I", data.raw[:24])
    kept = ~(1 << DAC_OVERRIDE | 1 << DAC_READ_SEARCH | 1 << FOWNER)
    lowered = struct.pack("6I", effective & kept, permitted & kept, inheritable, *high)
    if libc.capset(header, ctypes.create_string_buffer(lowered)):
        raise OSError(ctypes.get_errno(), "capset")


@contextmanager
def read_only(*folders: Path) -> Iterator[None]:
    """Take the right to write in folders away from everybody while the block runs."""
    modes = {folder: folder.stat().st_mode for folder in folders}
    for folder in folders:
        folder.chmod(0o500)
    try:
        yield
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)


@dataclass(frozen=True)
class ClockOff:
    """The clock of the machine is wrong by so much: whatever Marktecho's own modules ask for the time is told so."""

    by: timedelta

    def __call__(self) -> None:
        by = self.by

        class Kind(type):
            def __instancecheck__(cls, value: object) -> bool:
                return isinstance(value, datetime)

        class Shifted(datetime, metaclass=Kind):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + by

        for name, module in list(sys.modules.items()):
            if name.startswith("flows.") and getattr(module, "datetime", None) is datetime:
                module.datetime = Shifted  # type: ignore[attr-defined]
