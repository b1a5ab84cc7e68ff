"""The ways in which a monitor is blind: a plain sentence for each, after how many runs it is told, and what to do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.errors import PortalwatchError

MISSED = 3
"""Runs in a row after which a portal that cannot be seen is told, at the latest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of blindness. `after`: runs in a row that show it before it is told; `blind`: nothing of the portal is seen meanwhile.

    `says` is a sentence about what it befell, `{}`; `do` what an operator looks at first.
    """

    slug: str
    says: str
    do: str
    after: int = MISSED
    blind: bool = True


_ALL = (
    Kind(slug="dns", says="The name of {} does not resolve.", do="Look whether it moved or its domain ran out; else it is our resolver."),
    Kind(slug="certificate", says="The certificate of {} is not valid.", do="Look at the site in a browser; most renew within a day."),
    Kind(slug="refused", says="{} refuses us.",
         do="A 403 to everything is a decision about us: write to the portal, or read a feed that it offers."),
    Kind(slug="challenge", says="{} answers with challenge pages instead of its own.", after=2,
         do="It is not solved here: write to the portal, ask for less (`pace.delay`), or read a feed that it offers."),
    Kind(slug="robots", says="The robots.txt of {} does not let us read any more.",
         do="Read its robots.txt; what it denies stays unread, unless the portal permits it in writing (`robots.reason`)."),
    Kind(slug="redirected", says="{} sends us to its front page instead of its articles.", after=2,
         do="Open an article's address in a browser: the addresses changed, or a login or consent page stands before them."),
    Kind(slug="layout", says="The layout of {} changed.", after=2, do="Compare the last good page with the present one; mend the sheet, "
         "and try it with `portalwatch portals try`."),
    Kind(slug="charset", says="Articles of {} come garbled: its charset is wrong.", after=2,
         do="Look at the page's charset and its Content-Type; `charset` in the sheet says what it is."),
    Kind(slug="dates", says="The articles of {} say no publish time any more.", after=2, blind=False,
         do="Compare the last good page with the present one; the sheet's `extract.published` names the place."),
    Kind(slug="publisher", says="The articles of {} name no publisher any more.", after=2, blind=False,
         do="Compare the last good page with the present one; the sheet's `extract.source` names the place."),
    Kind(slug="short", says="The articles of {} are much shorter than they were.", after=MISSED, blind=False,
         do="Open one in a browser: a paywall or a teaser, or a text that goes on elsewhere."),
    Kind(slug="empty", says="The listings of {} name no article any more.", after=2,
         do="Open the listing: its markup or its address changed; mend `discovery` in the sheet."),
    Kind(slug="frozen", says="{} brings nothing new.", after=1,
         do="Open the listing: a feed that stands still, a page that a cache holds, or a portal that rests."),
    Kind(slug="slow", says="{} does not answer in time.", do="Ask for less at a time (`pace`), or later; look whether others reach it."),
    Kind(slug="unreachable", says="{} does not answer.", do="Most often an outage; look whether others reach it."),
    Kind(slug="waiting", says="{} asked us to wait.", do="Ask for less: a longer `pace.delay`, a rarer `schedule`."),
    Kind(slug="error", says="{} answers with errors.",
         do="Most often an outage of the portal; wait, then look at its answers in the run's evidence."),
    Kind(slug="part", says="A part of {} is not seen.", after=6, blind=False,
         do="The listing that is named fails while the others work: mend or remove it."),
    Kind(slug="failing", says="The runs of {} fail.", do="The reason is ours or unknown; look at the task's log."),
    Kind(slug="overdue", says="{} was not crawled in its time.", after=1,
         do="Look whether Airflow's scheduler runs and the DAG is not paused."),
    Kind(slug="quiet", says="The topic {} is quiet.", after=1, blind=False,
         do="The news may be. `portalwatch why URL` tells why an article did not match, `topics try` what another query takes."),
    Kind(slug="channel", says="What is owed to the channel {} does not arrive.", after=1,
         do="`portalwatch alerts test` says what it answers; once it is mended, `portalwatch alerts replay` sends dead letters again."),
)  # fmt: skip
KINDS: Mapping[str, Kind] = {kind.slug: kind for kind in _ALL}

_WORDS = tuple(
    (kind, re.compile(words, re.IGNORECASE))
    for kind, words in (
        ("dns", r"name not resolved"),
        ("certificate", r"certificate"),
        ("challenge", r"^(?:\S+: )?challenge\b|\ba challenge page\b|\bchallenge pages\b|\(challenge:"),
        ("robots", r"robots\.txt|reserved from text and data mining"),
        ("redirected", r"redirected to"),
        ("refused", r"refuses us|\b40[13]\b|\b451\b"),
        ("waiting", r"asked us to wait|\b429\b"),
        ("slow", r"no answer in time|did not come to its end"),
        ("unreachable", r"unreachable|connection|cut off"),
        ("error", r"\b5\d\d\b|^error:"),
        ("layout", r"none of the elements|no text|characters of text|no visible text|not (?:a feed|a sitemap|HTML|JSON)|layout changed"),
        ("frozen", r"nothing new for"),
        ("empty", r"no article link|an empty page|an empty page|no listing was read|empty listing|names no|no item|no entry"),
    )
)


def kind_of(why: str) -> str:
    """The slug of the kind that the words of a run, a listing or a page tell; `failing` where they tell none."""
    return next((kind for kind, words in _WORDS if words.search(why)), "failing")


def kind(slug: str) -> Kind:
    """The kind of that slug; PortalwatchError where there is none."""
    if slug not in KINDS:
        raise PortalwatchError(f"no kind of blindness is called `{slug}`")
    return KINDS[slug]
