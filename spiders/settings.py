"""Scrapy's settings: polite, quiet, and without the servers that Scrapy starts by default."""

from typing import Any
from urllib.parse import urlsplit

from pipelines.config import Settings
from pipelines.sheet import Sheet

BOT_NAME = "portalwatch"
SPIDER_MODULES = ["spiders.portal"]

PAGE_LIMIT = 10 * 1024 * 1024  # bytes
RUN_LIMIT = 25 * 60  # seconds; below the task's own time-out, so that a run always closes by itself
REQUEST_TIMEOUT = 30  # seconds

REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False
LOG_INSTALL_ROOT_HANDLER = False
LOG_LEVEL = "WARNING"
LOGSTATS_INTERVAL = 0
COOKIES_ENABLED = False
TWISTED_DNS_RESOLVER = "spiders.resolver.PublicResolver"
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"  # a listing is newest first, and so are we
DOWNLOAD_DELAY_JITTER = 0.5
CONCURRENT_ITEMS = 4
CONCURRENT_REQUESTS = 2
DOWNLOAD_MAXSIZE = PAGE_LIMIT
DOWNLOAD_TIMEOUT = REQUEST_TIMEOUT
DOWNLOAD_VERIFY_CERTIFICATES = True
CLOSESPIDER_TIMEOUT = RUN_LIMIT
REDIRECT_MAX_TIMES = 5
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]
RETRY_GIVE_UP_LOG_LEVEL = "DEBUG"
HTTPERROR_ALLOW_ALL = True
AUTOTHROTTLE_ENABLED = True
AUTOTHROTTLE_MAX_DELAY = 60
DOWNLOAD_HANDLERS = {"http": "spiders.gateway.GatewayHandler", "https": "spiders.gateway.GatewayHandler"}
DOWNLOADER_MIDDLEWARES = {"spiders.manners.Manners": 100, "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None}
EXTENSIONS = {"scrapy.extensions.remote_control.RemoteControl": None, "scrapy.extensions.telnet.TelnetConsole": None}
ITEM_PIPELINES = {"spiders.ingest.Ingest": 100}


def for_sheet(sheet: Sheet, settings: Settings) -> dict[str, Any]:
    """What a sheet and the environment change of the above."""
    return {
        "USER_AGENT": settings.user_agent,
        "PRIVATE_HOSTS_ALLOWED": [*settings.allow_hosts, *filter(None, [urlsplit(sheet.gateway or "").hostname])],
        "DOWNLOAD_DELAY": sheet.pace.delay,
        "AUTOTHROTTLE_START_DELAY": sheet.pace.delay,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(sheet.pace.concurrency),
        "CONCURRENT_REQUESTS": sheet.pace.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": sheet.pace.concurrency,
    }
