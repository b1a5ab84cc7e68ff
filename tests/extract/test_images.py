"""Images of an article with their captions, apart from its text."""

import pytest

from pipelines.extract.images import MOST
from pipelines.extract.ladder import extract
from pipelines.models import Image, Page

TEXT = "".join(f"<p>第{n}座石桥的修缮从星期三开始，工程师说要到明年四月才能完成，费用由市里和省里分担。</p>" for n in range(6))
URL = "https://news.example.org/2026/03/1.html"


def _images(inside: str, head: str = "", url: str = URL) -> tuple[Image, ...]:
    body = f"<html><head><title>石桥</title>{head}</head><body><h1>石桥</h1><div>{TEXT}{inside}</div></body></html>"
    article = extract(Page(url=url, body=body.encode())).article
    assert article is not None
    assert "石桥全景" not in article.text
    return article.images


@pytest.mark.parametrize(
    ("inside", "image"),
    [
        (
            '<figure><img src="/a.jpg"><figcaption>石桥全景。</figcaption></figure>',
            Image(url="https://news.example.org/a.jpg", caption="石桥全景。"),
        ),
        (
            '<div class="pic"><img src="b.jpg"><span class="img-caption">石桥全景。</span></div>',
            Image(url="https://news.example.org/2026/03/b.jpg", caption="石桥全景。"),
        ),
        ('<p><img src="data:image/gif;base64,R0" data-src="//cdn.example.org/c.jpg"></p>', Image(url="https://cdn.example.org/c.jpg")),
    ],
)
def test_an_image_is_absolute_and_has_the_caption_that_is_its_own(inside: str, image: Image) -> None:
    assert _images(inside) == (image,)


@pytest.mark.parametrize(
    "inside",
    [
        '<img src="/logo.png">',
        '<img src="/x.jpg" width="1" height="1">',
        '<img src="javascript:alert(1)">',
        '<img src="http://[">',
        "<img>",
        '<img src="/a.svg">',
    ],
)
def test_decoration_and_what_has_no_address_is_left_out(inside: str) -> None:
    assert _images(inside) == ()


def test_two_images_do_not_share_a_caption() -> None:
    both = _images('<div><img src="/a.jpg"><img src="/b.jpg"><p class="caption">石桥全景。</p></div>')
    assert [image.caption for image in both] == [None, None]


def test_the_head_names_an_image_where_the_text_has_none() -> None:
    assert _images("", '<meta property="og:image" content="/og.jpg">') == (Image(url="https://news.example.org/og.jpg"),)


def test_images_are_bounded_and_each_counts_once() -> None:
    assert len(_images("".join(f'<img src="/p{n}.jpg">' for n in range(500)))) == MOST
    assert len(_images('<img src="/p.jpg">' * 9)) == 1


def test_without_an_address_only_absolute_images_are_known() -> None:
    assert _images('<img src="/a.jpg"><img src="https://cdn.example.org/b.jpg">', url="") == (Image(url="https://cdn.example.org/b.jpg"),)
