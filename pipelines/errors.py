"""The few ways in which portalwatch refuses to go on; each message says what is wrong, where, and what to do."""


class PortalwatchError(Exception):
    """Something a person can mend; the command line prints it without a traceback."""


class ConfigError(PortalwatchError):
    """A configuration file or variable is wrong. `problems` holds one `file:line:column: what` sentence each."""

    def __init__(self, problems: list[str] | str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class WrongUseError(ConfigError):
    """What was asked for is not there to be done: no such portal, a day that is not over. The command line exits with 2."""


class QueryError(PortalwatchError):
    """A query does not parse; `offset` counts code points from the query's beginning."""

    def __init__(self, message: str, offset: int = 0) -> None:
        self.message, self.offset = message, offset
        super().__init__(f"{message} (at character {offset + 1})")


class SchemaError(PortalwatchError):
    """The database's schema is not the one of this release."""


class StoreAway(PortalwatchError):
    """The database stays locked, does not answer, or is damaged; what was begun is as if it never was, and may be done again."""


class ArchiveError(PortalwatchError):
    """The archive could not be read or written; watching goes on without it."""
