"""HTTP transport with a deadline for the whole exchange and no way from a public host into a private network.

A read timeout alone does not bound a request: a server that sends one byte a second never reaches it. And checking a
redirect's name alone does not keep it out of a private network: names can resolve to private addresses.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Collection, Iterable
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx


def may_follow(home: httpx.URL, target: httpx.URL, hosts: Collection[str] = ()) -> bool:
    """Whether a redirect may be followed: to the same or a configured host, and never from https to http.

    A leading `www.` makes no difference. Another port of the same host is another server.
    """
    if target.scheme not in ("http", "https") or (home.scheme == "https" and target.scheme == "http"):
        return False
    if target.host.removeprefix("www.") == home.host.removeprefix("www."):
        return target.port == home.port
    return target.host in hosts and target.port is None


class GuardedTransport(httpx.HTTPTransport):
    """One connection; `deadline` (monotonic seconds) bounds connecting, headers and body together."""

    def __init__(self, backend: GuardedBackend, proxy: httpx.URL | None) -> None:
        context = _certificates()
        super().__init__(verify=context)
        self._backend = backend
        if proxy is None:
            self._pool = httpcore.ConnectionPool(ssl_context=context, max_connections=1, network_backend=backend)
        else:
            self._pool = httpcore.HTTPProxy(
                proxy_url=str(proxy.copy_with(username=None, password=None)),
                proxy_auth=(proxy.username, proxy.password) if proxy.username else None,
                ssl_context=context,
                max_connections=1,
                network_backend=backend,
            )

    @property
    def deadline(self) -> float:
        """The monotonic time at which the current request is given up."""
        return self._backend.deadline

    @deadline.setter
    def deadline(self, value: float) -> None:
        self._backend.deadline = value


def guarded_transport(home: httpx.URL) -> GuardedTransport:
    """The transport for one platform, through the system's proxy (`HTTPS_PROXY`, `NO_PROXY`) where there is one."""
    is_direct = home.host == "localhost" or home.host.startswith("127.") or proxy_bypass(home.host)
    proxy = None if is_direct else getproxies().get(home.scheme)
    return GuardedTransport(GuardedBackend(may_enter_private=bool(proxy)), httpx.URL(proxy) if proxy else None)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class GuardedBackend(httpcore.SyncBackend):
    """Opens connections within the deadline; after a first public address it refuses private ones.

    The first connection is to the configured host: if that is local, the user wants local. Behind a proxy, the proxy
    decides.
    """

    def __init__(self, *, may_enter_private: bool = False) -> None:
        self.deadline = float("inf")
        self._may_enter_private = may_enter_private
        self._is_first = True

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect, then look at the address that was really reached."""
        stream = self.open(host, port, self.remaining(timeout), local_address, socket_options)
        is_private = not ip_address(stream.get_extra_info("server_addr")[0].partition("%")[0]).is_global
        if self._is_first:
            self._may_enter_private = self._may_enter_private or is_private
            self._is_first = False
        if is_private and not self._may_enter_private:
            stream.close()
            raise httpcore.ConnectError(f"{host} leads to a private address")
        return _DeadlineStream(stream, self)

    def open(
        self, host: str, port: int, timeout: float, local_address: str | None, socket_options: Iterable[Any] | None
    ) -> httpcore.NetworkStream:
        """Open the connection itself."""
        return super().connect_tcp(host, port, timeout, local_address, socket_options)

    def remaining(self, timeout: float | None) -> float:
        """The timeout of one operation, cut at the deadline."""
        return max(0.001, min(timeout or float("inf"), self.deadline - time.monotonic()))


class _DeadlineStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, backend: GuardedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if time.monotonic() >= self._backend.deadline:
            raise httpcore.ReadTimeout("the request took too long")
        return self._stream.read(max_bytes, self._backend.remaining(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._backend.remaining(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._backend.remaining(timeout))
        return _DeadlineStream(secured, self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
