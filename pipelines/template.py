"""Addresses with names in braces, as sheets write them: https://p.example/{id}?p={n}, https://p.example/{year}/{month}/{day}."""

from datetime import date
from string import Formatter

DATE = frozenset({"year", "month", "day"})


def names_of(template: str) -> set[str]:
    """The names in a template's braces; ValueError for anything but plain {name}."""
    parts = list(Formatter().parse(template))
    if any(name is not None and (not name.isidentifier() or form or conversion) for _, name, form, conversion in parts):
        raise ValueError(f"`{template}`: write {{name}} with a group's name, nothing else in braces")
    return {name for _, name, _, _ in parts if name}


def dated(template: str, day: date) -> str:
    """The template with {year}, {month} and {day} filled, zero-padded; other names stay."""
    return template.replace("{year}", f"{day:%Y}").replace("{month}", f"{day:%m}").replace("{day}", f"{day:%d}")
