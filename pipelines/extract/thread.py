"""A page of readers' comments, read by the sheet of its portal."""

from typing import TYPE_CHECKING

from pipelines.extract import remarks
from pipelines.extract.dates import clock_for
from pipelines.extract.decode import decode
from pipelines.extract.paging import thread_page
from pipelines.extract.tree import MAX_BYTES, parse
from pipelines.models import Page, Thread

if TYPE_CHECKING:
    from pipelines.sheet import Sheet


def thread(page: Page, sheet: "Sheet | None") -> Thread:
    """The comments on page `page.number` of the thread of the article at `page.part_of`. Any bytes give a Thread."""
    if sheet is None:
        return Thread(trouble="no sheet says where comments stand")
    tree = parse(decode(page.body[:MAX_BYTES], page.content_type, sheet.charset).text)
    comments = remarks.comments_of(tree, sheet.extract, clock_for(sheet.timezone, None, None))
    return Thread(comments=comments, next=thread_page(tree, page, sheet, page.number + 1))
