"""Every environment variable that portalwatch reads, in one place; docs/configuration.md lists the same."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from pipelines.errors import ConfigError
from pipelines.points import VARIABLE
from pipelines.wording import in_words
from pipelines.yamlfile import suggestion

PREFIX = "PORTALWATCH_"
OF_TESTS = f"{PREFIX}SHARED"  # where tests and benches find reference pages; no setting, and no mistake
SHORTEST_MEMORY = 30  # days; a copy is looked for 14 days back, and second looks end after five
SOCKET_PATH_LIMIT = 100  # sun_path holds 108 bytes on Linux and 104 on macOS


class Settings(BaseSettings):
    """The settings of one process, read from PORTALWATCH_* variables; `unknown_variables` tells those that are none."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    home: Path = Field(default=Path(".portalwatch"), description="where state lives: database, archive, Redis, Airflow")
    config: Path = Field(default=Path("config"), description="folder of watchlist.yaml, aliases.yaml and portals/")
    database_url: SecretStr | None = Field(default=None, description="SQLAlchemy URL; SQLite in HOME where it is left out")
    redis_url: SecretStr | None = Field(
        default=None,
        description="Redis >= 7 or Valkey, as redis://, unix:// or rediss:// (TLS; ?ssl_ca_certs=FILE names your own CA); "
        "the embedded one in HOME where it is left out",
    )
    redis_budget: int = Field(
        default=256, ge=16, description="megabytes that Redis may take: the embedded one is held to it, of any a warning comes at 80 %"
    )
    contact: str = Field(default="", description="address or URL in the User-Agent, so that a portal can reach you")
    public_url: str = Field(default="", description="address under which recipients reach this installation; shown in messages")
    timezone: str = Field(default="Asia/Taipei", description="zone of the times in messages")
    script: Literal["", "hans", "hant"] = Field(
        default="", description="script that passages and diffs are shown in: hans or hant; that of each telling where it is left out"
    )
    smtp_host: str = Field(default="localhost", description="mail server")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="its port")
    smtp_user: str = Field(default="", description="user name, empty for none")
    smtp_password: SecretStr = Field(default=SecretStr(""), description="password")
    smtp_security: Literal["none", "starttls", "tls"] = Field(default="none", description="none, starttls or tls")
    smtp_conn: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_]*$",
        description="an Airflow connection instead of the five above: AIRFLOW_CONN_NAME holds it, or Airflow itself",
    )
    mail_from: str = Field(default="portalwatch@localhost", description="sender of alert mails")
    allow_hosts: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(), description="hosts (or host:port) on private or loopback addresses that webhooks may reach, comma-separated"
    )
    feed_secret: SecretStr | None = Field(
        default=None, min_length=16, description="what the tokens of feeds are derived from; kept in HOME/feed-secret where it is left out"
    )
    portals: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(), description="slugs of the portals that are read, comma-separated; all that have a sheet where it is left out"
    )
    comments: Literal["off", "pseudonymous", "full"] = Field(
        default="pseudonymous", description="readers' comments: not kept, kept under a keyed hash for 30 days, or kept whole"
    )
    archive: bool = Field(default=True, description="keep fetched pages as WARC files")
    archive_url: SecretStr | None = Field(
        default=None, description="where: a folder or any fsspec address such as s3://bucket/pages; HOME/archive where it is left out"
    )
    archive_days: int = Field(default=30, ge=1, description="days that an archived page is kept")
    archive_gb: float = Field(default=20, gt=0, description="gigabytes that the archive may take; the oldest pages go first")
    article_days: int = Field(default=0, ge=0, description="days that an article is kept with all that is its own; 0: for ever")
    revision_days: int = Field(default=0, ge=0, description="days that a superseded state of an article is kept; 0: as long as the article")
    alert_days: int = Field(default=0, ge=0, description="days that a sent alert is kept, 30 at least; 0: as long as the article")
    page_days: int = Field(default=0, ge=0, description="days that the identity of a page without an article is remembered; 0: for ever")
    run_days: int = Field(default=180, ge=0, description="days that runs, counts of requests and unused watchlists are kept; 0: for ever")
    index_days: int = Field(default=90, ge=0, description="days in which a copy of an article can be found by its text; 0: for ever")
    extractors: int = Field(
        default=0, ge=0, le=64, description="extraction workers of one crawl; 0: one a core, at most 4, no more than requests in flight"
    )
    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="ping address (healthchecks.io and the like) told after each round of the DAGs, with /fail where it failed",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="bearer token that /metrics and the details of /health ask for; on loopback none where it and PUBLIC_URL are left out",
    )
    tell_failures: Literal["house", "all", "off"] = Field(
        default="house", description="failed and late DAG runs that ops hear of: the house's own, crawls too, or none"
    )
    log: Literal["", "json"] = Field(default="", description="json: commands and crawls log one JSON object a line on stderr")
    _secrets: Mapping[str, str] = PrivateAttr(default_factory=lambda: os.environ)

    @field_validator("allow_hosts", "portals", mode="before")
    @classmethod
    def _comma_separated(cls, value: Any) -> Any:
        return frozenset(part.strip().lower() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("article_days", "revision_days", "alert_days", "page_days", "run_days", "index_days", mode="before")
    @classmethod
    def _empty_is_for_ever(cls, value: Any) -> Any:
        return 0 if value == "" else value

    @field_validator("metrics_token", "heartbeat_url", "feed_secret", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return value or None

    @field_validator("alert_days")
    @classmethod
    def _memory_is_long_enough(cls, value: int) -> int:
        if 0 < value < SHORTEST_MEMORY:
            raise ValueError(f"{value}: who heard of a story must be known for {SHORTEST_MEMORY} days at least; 0 is for ever")
        return value

    @field_validator("page_days")
    @classmethod
    def _identity_outlives_its_article(cls, value: int, info: ValidationInfo) -> int:
        articles = info.data.get("article_days") or 0
        if value and value < articles + SHORTEST_MEMORY:
            least = articles + SHORTEST_MEMORY
            raise ValueError(f"{value}: {least} at least, {SHORTEST_MEMORY} beyond ARTICLE_DAYS, or what aged out comes back as news")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"`{value}` is no time zone; write one such as Asia/Taipei") from None
        return value

    @property
    def secrets(self) -> Mapping[str, str]:
        """What the variables hold that a channel or `smtp_conn` names: the environment, unless `looking_in` said otherwise."""
        return self._secrets

    def looking_in(self, secrets: Mapping[str, str]) -> "Settings":
        """The same settings, whose secrets are looked up there."""
        found = self.model_copy()
        found._secrets = secrets
        return found

    @property
    def zone(self) -> ZoneInfo:
        """The installation's zone."""
        return ZoneInfo(self.timezone)

    @property
    def database(self) -> str:
        """The database's URL, SQLite in HOME by default."""
        return self.database_url.get_secret_value() if self.database_url else sqlite_in(self.home.absolute())

    @property
    def archive_address(self) -> str:
        """Where fetched pages are kept."""
        return self.archive_url.get_secret_value() if self.archive_url else str(self.home.absolute() / "archive")

    @property
    def redis(self) -> str:
        """The Redis URL, the embedded server's socket by default."""
        return self.redis_url.get_secret_value() if self.redis_url else f"unix://{quote(str(self.redis_socket))}"

    @property
    def redis_bytes(self) -> int:
        """What Redis may take, in bytes."""
        return self.redis_budget * 1024 * 1024

    @property
    def redis_socket(self) -> Path:
        """The embedded server's socket; a short path elsewhere where HOME's is longer than a socket address holds."""
        path = self.home.absolute() / "valkey" / "valkey.sock"
        if len(str(path)) <= SOCKET_PATH_LIMIT:
            return path
        return Path(tempfile.gettempdir()) / f"portalwatch-{hashlib.sha256(str(path).encode()).hexdigest()[:12]}.sock"

    @property
    def user_agent(self) -> str:
        """Who we are, and how to reach us."""
        return f"portalwatch/0.1 (news monitor{'; +' + self.contact if self.contact else ''})"

    @property
    def watchlist(self) -> Path:
        """The operator's watchlist."""
        return self.config / "watchlist.yaml"

    @property
    def compiled(self) -> Path:
        """Where compiled watchlists are kept for the next process."""
        return self.home.absolute() / "compiled"

    @property
    def aliases(self) -> Path:
        """The alias lists beside it."""
        return self.config / "aliases.yaml"

    def ensure_home(self) -> Path:
        """HOME, made where it does not exist; ConfigError where it cannot be."""
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{PREFIX}HOME={self.home}: cannot be made: {error.strerror}") from None
        return self.home.absolute()


@lru_cache(maxsize=1)
def settings() -> Settings:
    """This process' settings; ConfigError names the variable. Tests call `settings.cache_clear()`."""
    try:
        return Settings()
    except ValidationError as error:
        problems = [f"{PREFIX}{str(item['loc'][0]).upper()}: {in_words(item)}" for item in error.errors()]
        raise ConfigError(problems) from None


def sqlite_in(folder: Path) -> str:
    """The URL of the embedded database in a folder, whatever characters its path has."""
    return f"sqlite:///{quote(str(folder / 'portalwatch.db'))}"


def unknown_variables() -> list[str]:
    """A sentence for every PORTALWATCH_* variable of the environment that is no setting, with the one that may be meant."""
    known = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    found = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in (*known, OF_TESTS, VARIABLE))
    return [f"{name}: no setting is called so, and it is ignored{suggestion(name, known)}" for name in found]
