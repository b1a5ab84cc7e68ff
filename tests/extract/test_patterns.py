"""No expression of ours is slower on a long line than a line is long, whatever the line is made of."""

import importlib
import itertools
import pkgutil
import re
import time

import pytest

import pipelines.extract

LENGTH = 4000
"""Characters of a bait; what grows with the square takes a tenth of a second on it, what grows with the length a thousandth."""
LIMIT = 0.04
_PIECES = [
    "a",
    "A",
    "1",
    " ",
    "\t",
    "\u3000",
    "\xa0",
    "（",
    "(",
    "[",
    "【",
    "中",
    "：",
    ":",
    "|",
    "-",
    "/",
    "<",
    "=",
    "图",
    "。",
    "，",
    "来源：",
    "编辑",
    "责任编辑：",
    "2024-01-01 ",
    "2024年1月1日",
    "19",
    "图/",
    "(图)",
    "▶",
    "您",
    "记者",
    "记者：",
    "作者",
    "版权",
    "本报",
    "不得",
    "登录",
    "charset=",
    "<meta ",
    "</",
    "<!DOCTYPE ",
    "x=",
    "a=b ",
    "<p ",
    "Jan 1 2024 ",
    "1:",
    "12:00",
    "'",
    "...",
    "相关",
    "相关新闻",
    "■",
    "_",
    "更多",
    "の",
    "ー",
    "한",
    "Â",
    "http://",
    "民国",
    "欢迎",
    "关注",
    "地址：",
    "电话：",
    "展开",
    "APP",
    "下载",
]
_PAIRS = [one + other for one, other in itertools.product(("中", "1", "记者", "来源：", "图"), ("a", " ", "：", "(", "/"))]
BAITS = [(piece * LENGTH)[:LENGTH] for piece in (*_PIECES, *_PAIRS)]
BAITS += [
    begin + filler * LENGTH + "x"
    for begin in ("来源：", "作者：", "记者", "【", "版权所有", "charset", "<meta", "请")
    for filler in ("中", " ")
]


def _patterns() -> list[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    modules = [importlib.import_module(f"pipelines.extract.{each.name}") for each in pkgutil.iter_modules(pipelines.extract.__path__)]
    own = {
        id(value): (f"{module.__name__}.{name}", value)
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, re.Pattern)
    }
    return list(own.values())


@pytest.mark.parametrize("pattern", [pytest.param(pattern, id=name) for name, pattern in _patterns()])
def test_a_long_line_of_anything_is_searched_in_no_time(pattern: "re.Pattern[str] | re.Pattern[bytes]") -> None:
    for bait in BAITS:
        took = min(_seconds(pattern, bait) for _ in range(2))
        assert took < LIMIT or min(_seconds(pattern, bait) for _ in range(5)) < LIMIT, bait[:20]


def _seconds(pattern: "re.Pattern[str] | re.Pattern[bytes]", bait: str) -> float:
    began = time.thread_time()
    if isinstance(pattern.pattern, bytes):
        pattern.search(bait.encode())  # type: ignore[call-overload]
    else:
        pattern.search(bait)  # type: ignore[call-overload]
    return time.thread_time() - began
