"""Fetching from the replicas without a network, as a portal's own host would be asked."""

from urllib.parse import parse_qsl, unquote, urlsplit

from lxml import etree, html

from demo.portals import Asked, Reply, answer
from demo.world import Scene


def fetched(scene: Scene, url: str) -> Reply:
    parts = urlsplit(url)
    return answer(Asked(host=parts.netloc, path=unquote(parts.path), query=dict(parse_qsl(parts.query))), scene)


def tree(reply: Reply, encoding: str = "utf-8") -> html.HtmlElement:
    return html.document_fromstring(reply.body.decode(encoding))


def xml(reply: Reply) -> etree._Element:
    return etree.fromstring(reply.body)


def texts(root: html.HtmlElement, css: str) -> list[str]:
    return [str(each.text_content()).strip() for each in root.cssselect(css)]
