"""The shape of watchlist.yaml; its JSON Schema for editors comes from these models."""

import re
from datetime import date
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pipelines.watch.hearing import ChannelHearing, Hearing

Revisions: TypeAlias = Literal["never", "material", "always"]

_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f]+@[^\s@<>,;:\"()\[\]\\\x00-\x1f.]+(?:\.[^\s@<>,;:\"()\[\]\\\x00-\x1f.]+)*")
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
_LANGUAGE = r"^[a-z]{2,3}(-(Hans|Hant))?$"
_MEANT = {
    "cn": "zh-Hans", "chs": "zh-Hans", "tw": "zh-Hant", "hk": "zh-Hant", "cht": "zh-Hant", "chi": "zh", "zho": "zh", "jp": "ja",
    "jpn": "ja", "kr": "ko", "kor": "ko", "eng": "en",
}  # fmt: skip
_PUBLISHER = r'^[^"“”＂\r\n]*[^"“”＂\s][^"“”＂\r\n]*$'
_SLUG = re.compile(r"[\w-]{1,64}")


def _address(value: str) -> str:
    if len(value) > 254 or not _ADDRESS.fullmatch(value):
        raise ValueError(f"`{value}` is no mail address; write one such as desk@example.org")
    return value


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        plausible = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        plausible = False
    if not plausible or re.search(r"\s", value):
        raise ValueError(f"`{_host_of(value)}` is no address for a webhook; write one such as https://crm.example.org/hook")
    if "@" in parts.netloc:
        raise ValueError(f"the address for {parts.hostname} holds a user or password; put it into `headers`")
    return value


def _host_of(value: str) -> str:
    """The address without user and path, which may hold tokens: an error is printed, logged and sent to ops."""
    scheme, found, rest = value.partition("://")
    host = re.split(r"[/?#]", rest)[0]
    return f"{scheme[:10]}{found}{host}/…" if found and "@" not in rest and not re.search(r"\s", host) else "…"


def _headers(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if not _HEADER.fullmatch(name) or re.search(r"[\r\n\x00]", text):
            raise ValueError(f"`{name}` is no header, or its value breaks the line")
    return value


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise ValueError(f"`{value}` is no slug; write up to 64 letters, digits, `_` and `-`")
    return value


def _language(value: str) -> str:
    if value in _MEANT:
        raise ValueError(f"`{value}` is no language that an article is in; did you mean {_MEANT[value]}?")
    if not re.fullmatch(_LANGUAGE, value):
        raise ValueError(f"`{value}` is no language: write zh, zh-Hans, zh-Hant, en or another code of two or three letters")
    return value


def _publisher(value: str) -> str:
    if not re.fullmatch(_PUBLISHER, value):
        raise ValueError(f"`{value}` is no publisher's name: write it on one line, without quotation marks")
    return value


def _variable(value: str) -> str:
    if not re.fullmatch(_VARIABLE, value):
        raise ValueError("this is no name of an environment variable: write letters, digits and `_`, as in CRM_HOOK_SECRET")
    return value


Slug = Annotated[str, AfterValidator(_slug)]
Publisher = Annotated[str, AfterValidator(_publisher), Field(json_schema_extra={"minLength": 1, "pattern": _PUBLISHER})]
Language = Annotated[str, AfterValidator(_language), Field(json_schema_extra={"pattern": _LANGUAGE})]
Variable = Annotated[str, AfterValidator(_variable), Field(json_schema_extra={"pattern": _VARIABLE})]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MailChannel(ChannelHearing):
    """Mail to one or several addresses; each is a recipient of its own."""

    type: Literal["mail"]
    to: tuple[Annotated[str, AfterValidator(_address)], ...] = Field(min_length=1)


class WebhookChannel(ChannelHearing):
    """A signed POST to one address. `secret_env` names the environment variable that holds the signing secret."""

    type: Literal["webhook"]
    url: Annotated[str, AfterValidator(_web_address)]
    secret_env: Variable
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = Field(default={}, repr=False)


class ChatChannel(ChannelHearing):
    """A chat or telephone service. `url_env` names the environment variable that holds its Apprise address, which is a secret."""

    type: Literal["chat"]
    url_env: Variable


class OwnChannel(ChannelHearing):
    """A channel of one's own: `file` is the stem of a Python file in the folder `channels` beside the watchlist.

    `options` are for that file to read; each whose name ends with `_env` names an environment variable that holds a secret.
    """

    type: Literal["own"]
    file: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    options: dict[str, str] = Field(default={})


Channel: TypeAlias = MailChannel | WebhookChannel | ChatChannel | OwnChannel


class SampleArticle(_Strict):
    """A sample with more than a text."""

    title: str = ""
    text: str = ""
    portal: str | None = None
    publisher: tuple[str, ...] = ()
    author: str | None = None
    section: str | None = None
    comments: tuple[str, ...] = ()
    language: str | None = None


Sample: TypeAlias = str | SampleArticle


class TopicEntry(Hearing):
    """One topic of the file. `aliases`: the alias lists that it takes; left out, `territories`."""

    query: str
    title: str = ""
    aliases: tuple[str, ...] | None = None
    portals: tuple[Slug, ...] = ()
    not_portals: tuple[Slug, ...] = ()
    publishers: tuple[Publisher, ...] = ()
    not_publishers: tuple[Publisher, ...] = ()
    languages: tuple[Language, ...] = ()
    channels: tuple[str, ...] = ()
    must_match: tuple[Sample, ...] = ()
    must_not_match: tuple[Sample, ...] = ()
    owner: str | None = None
    tags: tuple[str, ...] = ()
    expires: date | None = None
    revisions: Revisions = "material"
    priority: Literal["normal", "high"] = "normal"


def _mapping(value: object) -> object:
    return {} if value is None else value


class WatchlistFile(_Strict):
    """watchlist.yaml. `ops` names the channels of those who run it: they hear where something is broken, not of news."""

    ops: tuple[str, ...] = Field(
        default=(), description="Channels by which ops hear of the monitor itself: what is blind, and what is mended."
    )
    topics: Annotated[dict[Slug, TopicEntry], BeforeValidator(_mapping)]
    channels: Annotated[dict[Slug, Annotated[Channel, Field(discriminator="type")]], BeforeValidator(_mapping)] = {}


def schema_of() -> dict[str, Any]:
    """The JSON Schema of watchlist.yaml. What it cannot say (names, queries, samples) `topics check` does."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **WatchlistFile.model_json_schema()}
