"""An SMTP server on this machine that keeps what it is sent."""

from __future__ import annotations

import email
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default as modern
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler


@contextmanager
def running_inbox() -> Iterator[Inbox]:
    """Serve an inbox on a free port."""
    port = free_port()
    inbox = Inbox(f"mailto://127.0.0.1:{port}?from=marktecho@example.org&to=team@example.org")
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Inbox(MessageHandler):
    """Keeps the mail it is sent; refuses everything while `is_full`."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.mails: list[EmailMessage] = []
        self.is_full = False

    async def handle_RCPT(self, *arguments: Any) -> str:  # noqa: N802 - the name the server calls
        *_, envelope, address, _options = arguments
        if self.is_full:
            return "452 Insufficient system storage"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def handle_message(self, message: Any) -> None:
        parsed = email.message_from_bytes(message.as_bytes(), policy=modern)
        self.mails.append(parsed)  # type: ignore[arg-type]
