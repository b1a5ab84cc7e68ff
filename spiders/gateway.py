"""A gateway: a sheet may name an address through which all its pages are fetched, `{gateway}/{host}{path}`.

The replica portals of demo/ are reached so, with the real sheets and everything between them unchanged.
"""

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.http import Response

from spiders.address import through


class GatewayHandler(HTTP11DownloadHandler):
    """Download handler: sends the request to the gateway, gives the answer its real address back."""

    async def download_request(self, request: Request) -> Response:
        """The answer to `request`, fetched through the sheet's gateway where it has one."""
        gateway = self._crawler.spider.job.sheet.gateway  # type: ignore[union-attr]
        if gateway is None:
            return await super().download_request(request)
        response = await super().download_request(request.replace(url=through(gateway, request.url)))
        return response.replace(url=request.url)
