"""The forms of an article's address, and the key that they share."""

import re
from urllib.parse import unquote

from pydantic import Field, field_validator, model_validator

from pipelines.extract.rules import Pattern
from pipelines.fields import Strict
from pipelines.template import names_of


class Identity(Strict):
    """One URL form of an article: a pattern with named groups, searched in the whole URL, and the key they make. In it \\d, \\w and
    \\s are ASCII's: to other digits an address would be a new article each time.

    Every form of one article gives the same `key`; `url` is the form to fetch (the found one where it is left out).
    With `fold` the key is compared as texts are, decoded and in one script, for addresses that hold a headline.
    `sequence` names the group that is a running number: `key` and `url` are then made of it alone, and numbers that no
    listing named are gaps.
    """

    pattern: Pattern
    key: str = Field(min_length=1)
    url: str | None = None
    fold: bool = False
    sequence: str | None = None

    @model_validator(mode="after")
    def _sequence_is_all(self) -> "Identity":
        if self.sequence is not None:
            for name, template in (("key", self.key), ("url", self.url or "")):
                if names_of(template) != {self.sequence}:
                    raise ValueError(f"sequence: `{name}` must hold {{{self.sequence}}} and no other group, so that a number gives it")
        return self

    @field_validator("pattern")
    @classmethod
    def _reads_as_ascii(cls, value: str) -> str:
        re.compile(value, re.ASCII)  # ValueError for (?u)
        return value

    @field_validator("key", "url")
    @classmethod
    def _holds_plain_names(cls, value: str | None) -> str | None:
        names_of(value or "")
        return value

    def compiled(self) -> re.Pattern[str]:
        """The pattern as it is searched."""
        return re.compile(self.pattern, re.ASCII)

    def key_in(self, found: re.Match[str]) -> str:
        """The key of an address that the pattern found."""
        from pipelines.text import fold  # its tables are large, and few sheets need them

        key = self.key.format(**found.groupdict())
        return fold(unquote(key)).text if self.fold else key

    def number_of(self, key: str) -> int | None:
        """The running number in a key of this form, None for a key of another."""
        before, _, after = self.key.partition(f"{{{self.sequence}}}")
        digits = key.removeprefix(before).removesuffix(after)
        is_one = self.sequence is not None and digits.isascii() and digits.isdigit() and len(digits) <= 15
        return int(digits) if is_one and self.key_of(int(digits)) == key else None

    def key_of(self, number: int) -> str:
        """The key that the running number gives."""
        return self.key.format(**{self.sequence or "": number})

    def url_of(self, number: int) -> str:
        """The address that the running number gives."""
        return (self.url or "").format(**{self.sequence or "": number})
