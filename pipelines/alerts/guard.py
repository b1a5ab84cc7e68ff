"""No channel reaches what only the server itself may reach.

A webhook's address is typed by a person. The check sits where the connection is made: the name is resolved once, every
address it has is looked at, and the connection goes to one of those very addresses, so that a second answer of the name
server changes nothing.
"""

import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import httpcore
import httpx

from pipelines.errors import PortalwatchError

_GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_FOR_US = tuple(
    ipaddress.ip_network(network) for network in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "3fff::/20")
)
"""Special by IANA's registries (RFC 6890 and its heirs), yet `is_global` in some Python releases; and Azure's host service, a
public number that every virtual machine there reaches and nobody else."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedAddressError(PortalwatchError):
    """A URL leads to an address that an operator's channel may not reach."""


def why_refused(address: str) -> str | None:
    """What is wrong with an address (`127.0.0.1`, `::1`, `fe80::1%eth0`) in words, None where it is on the open Internet.

    The forms that carry an IPv4 address inside (mapped, 6to4, NAT64) are judged by that one."""
    found = _carried(ipaddress.ip_address(address.partition("%")[0]))
    for kind in ("unspecified", "loopback", "link_local", "multicast"):
        if getattr(found, f"is_{kind}"):
            return kind.replace("_", "-")
    if isinstance(found, ipaddress.IPv6Address) and found not in _GLOBAL_V6:
        return "private" if found.is_private else "reserved"
    if not found.is_global or any(found in network for network in _NOT_FOR_US):
        return "reserved" if found.is_reserved else "private"
    return None


def is_allowed(host: str, port: int, allow: Iterable[str]) -> bool:
    """Whether the settings name this very host (`intra.example`, `10.0.0.5`, `::1`), or host with port (`[::1]:8025`)."""
    host = host.lower().rstrip(".")
    forms = {host, f"{host}:{port}", f"[{host}]", f"[{host}]:{port}"}
    return any(entry.lower().rstrip(".") in forms for entry in allow)


def why_unreachable(host: str, port: int, allow: Iterable[str]) -> str | None:
    """Why nothing would be sent to the host, by its addresses alone: no connection is made. None where something would."""
    try:
        addresses = _resolved(host, port)
        if not is_allowed(host, port, allow):
            _check(host, addresses)
    except httpcore.ConnectError as error:
        return f"{host}: {error}; is the address right?"
    except RefusedAddressError as refusal:
        return str(refusal)
    return None


class Guard(httpcore.NetworkBackend):
    """Connects only to addresses that passed, and lets one exchange take `seconds` in all, however slowly it drips."""

    def __init__(self, allow: frozenset[str], seconds: float) -> None:
        self._allow, self._ends = allow, time.monotonic() + seconds

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _resolved(host, port)
        if not is_allowed(host, port, self._allow):
            _check(host, addresses)
        failure: Exception | None = None
        for address in addresses:
            try:
                stream = httpcore.SyncBackend().connect_tcp(address, port, _left(self._ends, timeout), local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Timed(stream, self._ends)
        raise failure or httpcore.ConnectError("name not resolved")


class GuardedTransport(httpx.BaseTransport):
    """httpx over a Guard: no proxy, no redirect, no second try; RefusedAddressError where the guard says no.

    `tls`: the system's and SSL_CERT_FILE's authorities where it is left out."""

    def __init__(self, allow: frozenset[str], seconds: float, tls: ssl.SSLContext | None = None) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or _tls(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")), network_backend=Guard(allow, seconds)
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        inner = httpcore.Request(
            request.method, target, headers=request.headers.raw, content=request.read(), extensions=dict(request.extensions)
        )
        try:
            answer = self._pool.handle_request(inner)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise _translated(error) from None
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions)

    def close(self) -> None:
        self._pool.close()


@lru_cache(maxsize=4)
def _tls(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    """Made once for what the environment names: that takes longer than most requests."""
    return httpx.create_ssl_context()


class _Body(httpx.SyncByteStream):
    """A response's body with httpcore's complaints as httpx's."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._answer.iter_stream()
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise _translated(error) from None

    def close(self) -> None:
        self._answer.close()


class _Timed(httpcore.NetworkStream):
    """A stream on which every wait ends when the whole exchange has to."""

    def __init__(self, stream: httpcore.NetworkStream, ends: float) -> None:
        self._stream, self._ends = stream, ends

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._ends, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._ends, timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._ends, timeout)), self._ends)

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _resolved(host: str, port: int) -> list[str]:
    """Every address of the host, once each, in the resolver's order. Odd spellings (127.1, 0x7f.1, 2130706433) end here too."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpcore.ConnectError("name not resolved") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _check(host: str, addresses: Iterable[str]) -> None:
    for address in addresses:
        reason = why_refused(address)
        if reason:
            where = host if host == address else f"{host} leads to {address},"
            raise RefusedAddressError(f"refused: {where} a {reason} address; where that is meant, name `{host}` in PORTALWATCH_ALLOW_HOSTS")


def _left(ends: float, timeout: float | None) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the whole exchange took too long")
    return left if timeout is None else min(left, timeout)


def _carried(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return inner or address
    return address


def _translated(error: Exception) -> httpx.TransportError:
    """httpcore's exception as httpx's of the same name."""
    kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
    return kind(str(error))
