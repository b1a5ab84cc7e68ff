"""The whole way of one article, stage by stage, as far as it came."""

from pipelines.store.articles import readable
from pipelines.why.listing import crawl, listing
from pipelines.why.reading import aged_out, article, page, story
from pipelines.why.stage import Case, Stage
from pipelines.why.topics import topics


def walk(case: Case, topic: str | None = None, *, everyone: bool = False) -> list[Stage]:
    """The stages after that of the identity; of one `topic`, or of those that `topics` tells."""
    stages = [listing(case), crawl(case), page(case)]
    if case.article is None:
        return [*stages, *aged_out(case)]
    return [*stages, article(case), *story(case), *topics(case, readable(case.article), topic, everyone=everyone)]
