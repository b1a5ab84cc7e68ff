"""Names that lead inside: a portal's host may not resolve to a private address, since its owner could point it at ours."""

import logging
from collections.abc import Sequence

from scrapy.crawler import Crawler
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from pipelines.alerts.guard import why_refused

log = logging.getLogger(__name__)


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, which refuses private addresses but for the hosts of PRIVATE_HOSTS_ALLOWED."""

    allowed: frozenset[str] = frozenset()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> "PublicResolver":
        """The resolver of a crawl."""
        made = super().from_crawler(crawler, reactor)
        made.allowed = frozenset(crawler.settings.getlist("PRIVATE_HOSTS_ALLOWED"))
        return made

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":  # noqa: N802 - the library's name
        """The host's address; fails as an unknown name does where it is private."""
        return super().getHostByName(name, timeout).addCallback(self._public, name)

    def _public(self, address: str, name: str) -> str:
        refused = why_refused(address)
        if refused is None or name in self.allowed:
            return address
        log.warning("%s resolves to %s, which is %s: not fetched", name, address, refused)
        raise DNSLookupError(f"{name} resolves to a private address")
