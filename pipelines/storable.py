"""What a database and a wire take: scraped text without what they refuse."""

from typing import Any


def storable(text: str) -> str:
    """The text without what a database or a wire refuses: NUL, and surrogates that stand alone."""
    if "\0" not in text and text.isprintable():
        return text
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def storable_json(value: Any) -> Any:
    """A JSON value with every string in it storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable_json(key): storable_json(inner) for key, inner in value.items()}
    return [storable_json(inner) for inner in value] if isinstance(value, list | tuple) else value
