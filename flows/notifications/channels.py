"""Channels: an apprise address out of an environment variable, and a message sent to it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote, urlsplit

from flows.errors import UsageError
from flows.settings.alerts import Channel

if TYPE_CHECKING:
    from apprise import NotifyBase

APP_NAME = "Marktecho"
HIDDEN = "***"
_SHORTEST_SECRET = 5
_LOG = logging.getLogger("apprise")


@dataclass(frozen=True)
class Message:
    """What is sent: a title as plain text, a body as HTML (apprise turns it into what the channel understands)."""

    title: str
    html: str
    tone: Literal["info", "success", "warning", "failure"] = "info"
    attachment: Path | None = None


class ChannelFailed(Exception):  # noqa: N818 - an outcome, not a malfunction
    """The channel did not take a message. The text says why, without the address."""


def service(channel: Channel) -> str:
    """The kind of service an address is for, such as E-Mail.

    Raises UsageError when the environment variable is not set or apprise cannot read what it holds.
    """
    with _said():
        return str(_plugin(channel).service_name)


def send(channel: Channel, message: Message) -> None:
    """Send a message and wait until the service has taken it.

    Raises ChannelFailed when it does not, or when the address is missing or wrong.
    """
    from apprise import AppriseAttachment, NotifyFormat, NotifyType
    from apprise.conversion import convert_between

    with _said() as said:
        try:
            plugin = _plugin(channel)
        except UsageError as error:
            raise ChannelFailed(str(error)) from None
        attach = None
        if message.attachment is not None and plugin.attachment_support:
            attach = AppriseAttachment(str(message.attachment))
        body = convert_between(NotifyFormat.HTML, plugin.notify_format, message.html)
        try:
            is_taken = plugin.notify(
                body=body,
                title=message.title,
                notify_type=NotifyType(message.tone),
                body_format=plugin.notify_format,
                attach=attach,
            )
        except Exception as error:  # a plugin may raise anything that its service makes it
            said.append(f"{type(error).__name__}: {error}")
            is_taken = False
    if not is_taken:
        raise ChannelFailed(_without(channel.url_variable.reveal(), "; ".join(said) or "the service refused it"))


def _plugin(channel: Channel) -> NotifyBase:
    from apprise import Apprise, AppriseAsset

    asset = AppriseAsset(app_id=APP_NAME, app_desc=APP_NAME, app_url="", async_mode=False)
    plugin = Apprise.instantiate(channel.url_variable.reveal(), asset=asset)
    if plugin is None:
        raise UsageError(
            f"The environment variable {channel.url_variable.variable} holds no address that apprise understands. "
            "Write for example mailto://user:password@mail.example.com?to=team@example.com "
            "(docs/reference/alerts.md has more)."
        )
    return plugin


@contextmanager
def _said() -> Iterator[list[str]]:
    """Collect what apprise says, which may hold parts of an address, and let nobody else hear it."""
    said: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                said.append(record.getMessage())

    handler, was_propagated = Collect(), _LOG.propagate
    _LOG.addHandler(handler)
    _LOG.propagate = False
    try:
        yield said
    finally:
        _LOG.propagate = was_propagated
        _LOG.removeHandler(handler)


def _without(address: str, text: str) -> str:
    """Mask an address and each of its parts that may be secret in a text."""
    parts = urlsplit(address)
    pieces = {address, parts.username or "", parts.password or "", *re.split(r"[/?&=:@]", address.partition("://")[2])}
    pieces |= {unquote(piece) for piece in pieces}
    kept = {parts.hostname or ""}
    for piece in sorted(pieces - kept, key=len, reverse=True):
        if len(piece) >= _SHORTEST_SECRET:
            text = text.replace(piece, HIDDEN)
    return text
