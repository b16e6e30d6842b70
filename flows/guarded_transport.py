"""HTTP transport with a deadline for the whole exchange and no way from a public host into a private network.

A read timeout alone does not bound a request: a server that sends one byte a second never reaches it. And checking
names alone does not keep requests out of a private network: a public name can resolve to a private address, at once or
only the second time it is asked for. So the address that was really reached is looked at.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Collection, Iterable
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

_CARRIES_IPV4 = (IPv6Network("64:ff9b::/96"), IPv6Network("::/96"))
"""The last 32 bits are an IPv4 address: NAT64 (RFC 6052) and the old compatible form (RFC 4291)."""
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
_LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa")


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet; one inside another (IPv4 in IPv6) counts as itself."""
    parsed = ip_address(address.partition("%")[0])
    if parsed.is_multicast:
        return False
    if isinstance(parsed, IPv4Address):
        return parsed.is_global
    inner = _inner(parsed)
    if inner is not None:
        return is_public(str(inner))
    return parsed.is_global and not parsed.is_site_local and parsed not in _LOCAL_NAT64


def _inner(address: IPv6Address) -> IPv4Address | None:
    if any(address in network for network in _CARRIES_IPV4):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def is_local_name(host: str) -> bool:
    """Whether a host's name or address says by itself that it is in the user's own network."""
    host = host.lower().strip("[]").rstrip(".")
    try:
        return not is_public(host)
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_ENDINGS)


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


def guarded_transport(home: httpx.URL, *, is_private: bool = False) -> GuardedTransport:
    """The transport for one platform, through the system's proxy (`HTTPS_PROXY`, `NO_PROXY`) where there is one.

    `is_private`: the platform is in the user's own network, though its name does not say so. Behind a proxy, the proxy
    decides what may be reached.
    """
    is_direct = home.host == "localhost" or home.host.startswith("127.") or proxy_bypass(home.host)
    proxy = None if is_direct else getproxies().get(home.scheme)
    backend = GuardedBackend(may_enter_private=bool(proxy) or is_private or is_local_name(home.host))
    return GuardedTransport(backend, httpx.URL(proxy) if proxy else None)


@cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class GuardedBackend(httpcore.SyncBackend):
    """Opens connections within the deadline, and into a private network only when it may."""

    def __init__(self, *, may_enter_private: bool = False) -> None:
        self.deadline = float("inf")
        self._may_enter_private = may_enter_private

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
        if not self._may_enter_private and not is_public(stream.get_extra_info("server_addr")[0]):
            stream.close()
            raise httpcore.ConnectError(
                f"{host} leads to a private address; if it is in your own network, say private_network: true"
            )
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
