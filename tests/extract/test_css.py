"""Selectors find what libxml2 finds where it tries every element, in the page's order, however few elements are tried."""

from collections.abc import Iterator

import pytest
from lxml import html
from lxml.cssselect import CSSSelector

from pipelines.extract import css
from pipelines.extract.tree import parse

PAGE = parse(
    "<html><head><meta property=x content=1></head><body class='home  wide'><h1>一</h1>"
    "<div id=a class='box lead'><div class=box><p class='text first'>二</p><p>三</p></div><p class=text lang=ZH>四</p></div>"
    "<div id=a class=late><h1 class=text>五</h1><a href=x>六</a><a>七</a></div><!-- 八 --><p class='boxes'>九</p>"
    + "<ul class=many>"
    + "<li class=row id=r>十</li>" * 150
    + "</ul></body></html>"
)
SELECTORS = [
    ".box",
    "#a",
    "h1",
    ".text",
    "body",
    ".home.wide",
    ".wide .text",
    ".box > p",
    ".box .box",
    "#a > .text",
    ".box + p",
    ".box ~ p",
    ".text:not(.first)",
    "p:first-child",
    "[href]",
    "a:not([href])",
    "[property='x']",
    "[property=y]",
    "[class='box lead']",
    "[class=lead]",
    "[class~=lead]",
    "[class^=box]",
    "[lang=ZH]",
    "#A",
    ".none",
    ".none .text",
    ".late > h1.text",
    "*",
    "#a *",
    ".row",
    ".row:last-child",
    ".many > .row",
    "[id=r]",
    "div#a.box",
    ".box :not(p)",
    "p:has(> b)",
    "#a:has(h1)",
]
LISTS = (".late, .box", "h1, .late .text", ".text, .box p", ".none, .row", ".none, .never", "#a .text, #a .first, .boxes")


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    css.forget()


@pytest.mark.parametrize("selector", [*SELECTORS, *LISTS])
def test_a_page_and_a_part_of_it_give_what_every_element_would(selector: str) -> None:
    plain = CSSSelector(selector, translator="html")
    for root in (PAGE, *PAGE.iter("div", "ul")):
        assert list(css.select(root, selector)) == plain(root)
        assert list(css.select(root, selector)) == plain(root), "the second time"


def test_another_page_is_not_taken_for_the_one_before() -> None:
    one, other = (parse(f"<html><body><p class={name}>一</p></body></html>") for name in ("a", "b"))
    found = [[element.get("class") for element in css.select(tree, selector)] for tree in (one, other, one) for selector in (".a", ".b")]
    assert found == [["a"], [], [], ["b"], ["a"], []]


def test_every_element_is_of_one_class() -> None:
    tree = parse("<html><body><form><input><select><option>一</select><label>二</label></form><!-- 三 --></body></html>")
    assert {type(element) for element in tree.iter()} == {html.HtmlElement, html.HtmlComment}
