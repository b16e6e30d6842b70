"""Messages: what is told to whom, once, through the channels of listening.yaml."""

from flows.notifications.step import Sent, notify, send_test, telling_failures

__all__ = ["Sent", "notify", "send_test", "telling_failures"]
