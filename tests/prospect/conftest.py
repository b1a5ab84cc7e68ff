"""A look at a site that is served on loopback: one process that reads pages for all tests, and visits without pauses."""

from collections.abc import Iterator

import pytest

from spiders.prospect import guesses
from spiders.prospect.look import Prospect, look
from spiders.prospect.reader import Reader
from spiders.visit import Manner, Visit
from tests.whole.portal import Portal, portal


@pytest.fixture(scope="session")
def reader() -> Iterator[Reader]:
    """Looks at pages."""
    with Reader() as made:
        yield made


@pytest.fixture
def cape() -> Iterator[Portal]:
    """A site that answers what a test tells it to."""
    with portal() as up:
        yield up


def visit(gateway: str, **manner: object) -> Visit:
    """A visit without pauses."""
    return Visit(manner=Manner(user_agent="portalwatch/test", gateway=gateway, **({"delay": 0.0} | manner)))  # type: ignore[arg-type]


def looked(gateway: str, url: str, reader: Reader, **manner: object) -> Prospect:
    """What `portals add URL` finds there."""
    return look(url, visit(gateway, **manner), reader, guesses.slug)
