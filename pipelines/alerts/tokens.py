"""The tokens that open feeds: whoever has an address reads that topic's, and no other."""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from pipelines.config import Settings
from pipelines.errors import ConfigError

SECRET_LENGTH, TOKEN_LENGTH = 32, 32


def token(settings: Settings, topic: str) -> str:
    """What opens the topic's feed; derived from the secret, so that another secret closes all of them."""
    return hmac.new(_secret(settings), f"feed\n{topic}".encode(), hashlib.sha256).hexdigest()[:TOKEN_LENGTH]


def opens(settings: Settings, topic: str, offered: str) -> bool:
    """Whether that is the topic's token, in the same time whatever was offered."""
    return hmac.compare_digest(token(settings, topic).encode(), offered.encode("utf-8", "replace"))


def address(settings: Settings, topic: str) -> str:
    """Where the feed is served, with its token; a path alone where PUBLIC_URL is not set."""
    return f"{settings.public_url.rstrip('/')}/feeds/{topic}.atom?token={token(settings, topic)}"


def _secret(settings: Settings) -> bytes:
    if settings.feed_secret:
        return settings.feed_secret.get_secret_value().encode()
    path = settings.ensure_home() / "feed-secret"
    if path.exists():
        return _kept(path)
    try:
        # Linked when it is whole: two that begin at once agree, and one that is killed leaves nothing half.
        with NamedTemporaryFile("w", dir=path.parent, prefix=".feed-secret-", encoding="ascii") as file:
            file.write(secrets.token_hex(SECRET_LENGTH))
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; set PORTALWATCH_FEED_SECRET") from None
    return _kept(path)


def _kept(path: Path) -> bytes:
    found = path.read_bytes().strip()
    if len(found) < SECRET_LENGTH:
        raise ConfigError(f"{path} holds no secret; delete it, and all feeds get new addresses")
    return found
