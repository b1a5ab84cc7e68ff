"""The keys of a channel, and of a topic over it, that say when somebody hears; and the policy that they make."""

from datetime import tzinfo
from functools import lru_cache
from typing import Annotated, Literal, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pipelines.policy import words
from pipelines.policy.plan import Policy

When: TypeAlias = Literal["immediate", "digest"]


def _quiet(value: str) -> str:
    words.quiet(value)
    return value


def _storm(value: str) -> str:
    words.storm(value)
    return value


def _text(value: object) -> object:
    return str(value) if type(value) is int else value


Cron = Annotated[str, BeforeValidator(_text), AfterValidator(words.cron), Field(json_schema_extra={"pattern": words.CRON_PATTERN})]
QuietHours = Annotated[str, BeforeValidator(_text), AfterValidator(_quiet), Field(json_schema_extra={"pattern": words.QUIET_PATTERN})]
Cap = Annotated[str, BeforeValidator(_text), AfterValidator(_storm), Field(json_schema_extra={"pattern": words.STORM_PATTERN})]
Zone = Annotated[str, AfterValidator(words.zone)]


class Hearing(BaseModel):
    """When somebody hears; what a topic says of it counts before what its channel says.

    `when` left out is `digest` where `digest`, the cron of its moments, is given beside it, else immediate.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    when: When | None = None
    digest: Cron | None = None
    quiet: QuietHours | None = None
    storm: Cap | None = None


class ChannelHearing(Hearing):
    """A channel's, with the zone of whoever hears by it; left out: that of the installation."""

    zone: Zone | None = None


class Said(Protocol):
    """What a policy is made of: a channel's entry, or a topic."""

    @property
    def when(self) -> When | None: ...
    @property
    def digest(self) -> str | None: ...
    @property
    def quiet(self) -> str | None: ...
    @property
    def storm(self) -> str | None: ...


def cron_of(topic: Said, channel: Said) -> str | None:
    """The cron of the digest by which the topic goes to the channel, empty where nobody says its moments; None where it goes at once."""
    for said in (topic, channel):
        if (said.when or ("digest" if said.digest else None)) == "digest":
            return topic.digest or channel.digest or ""
        if said.when == "immediate":
            return None
    return None


def policy_of(topic: Said, channel: Said, zone: tzinfo, *, urgent: bool = False) -> Policy:
    """When whoever hears of the topic by the channel does. `zone` is the installation's."""
    named = getattr(channel, "zone", None)
    return _policy(cron_of(topic, channel), topic.quiet or channel.quiet, topic.storm or channel.storm, _zone(named, zone), urgent)


@lru_cache(maxsize=1024)
def _policy(cron: str | None, quiet: str | None, storm: str | None, zone: tzinfo, urgent: bool) -> Policy:
    return Policy(
        digest=cron, zone=zone, quiet=words.quiet(quiet) if quiet else None, storm=words.storm(storm) if storm else None, urgent=urgent
    )


def _zone(name: str | None, default: tzinfo) -> tzinfo:
    return ZoneInfo(name) if name else default
