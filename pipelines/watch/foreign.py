"""What other query languages write, or a hurried hand, and what it is called here."""

import difflib
import re
import unicodedata
from collections.abc import Sequence

from lark import Token

from pipelines.errors import QueryError
from pipelines.text import fold

_FOREIGN = {
    "&": "AND", "&&": "AND", "+": "AND", "|": "OR", "||": "OR", "/": "OR", "!": "NOT", "-": "NOT", "～": "NOT", "~": "NOT",
    "且": "AND", "并且": "AND", "而且": "AND", "和": "AND", "与": "AND", "及": "AND", "以及": "AND", "或": "OR", "或者": "OR", "非": "NOT",
}  # fmt: skip
_WIDE_OPERATOR = re.compile(r"(and|or|not|except|near)(?!\w)")
_SIGN_INSIDE = re.compile(r"\||(?<=[^\W a-z0-9])&|&(?=[^\W a-z0-9])|(?<=[^\W a-z0-9])[+/](?=[^\W a-z0-9])")
_FIELDS_IN_CHINESE = {
    name: field
    for field, names in {
        "title": "标题 题目", "lead": "导语 导言", "body": "正文 内文 内容", "comments": "评论 留言 跟帖", "author": "作者 记者",
        "publisher": "媒体 来源 出处", "portal": "网站 门户", "section": "栏目 版面 频道",
    }.items()
    for name in names.split()
}  # fmt: skip


def meant_field(name: str, fields: Sequence[str]) -> str:
    """The field that an unknown one was meant as, also where it is named in Chinese; else which there are."""
    own = _FIELDS_IN_CHINESE.get(fold(name).text)
    near = [own] if own else difflib.get_close_matches(name, fields, n=1)
    return f"did you mean `{near[0]}:`?" if near else f"fields are {', '.join(fields)}; quote a term that has a colon"


def refuse_foreign(token: Token) -> None:
    """QueryError, with advice, for a bare word that other query languages read as an operator, or that was meant as one of ours."""
    at, sign = token.start_pos or 0, fold(token).text
    if token.value == "OF":
        raise QueryError("OF is written `2 OF (A, B, C)`, with a number and brackets; quote it if the word is meant", at)
    if token.isascii() and token.isupper() and difflib.get_close_matches(token, ["EXCEPT"], cutoff=0.75):
        raise QueryError(f"`{token}` is no operator; did you mean `EXCEPT`? quote it if the word is meant", at)
    if _WIDE_OPERATOR.match(sign) and not token.isascii():
        raise QueryError(f"`{token}` is an operator only in half-width letters; quote it if the word is meant", at)
    if sign in _FOREIGN:
        raise QueryError(f"`{token}` is no operator here; write {_FOREIGN[sign]}, or quote it if the word is meant", at)
    if sign[:1] in ("-", "!") and len(token) > 1:
        raise QueryError(f"`{token}`: write NOT {token[1:]}, or quote it if the sign is meant", at)
    if sign[:1] in ("'", "‘") and len(token) > 1:
        raise QueryError(f'`{token[0]}` is no quotation mark here; write "…" or 「…」, or quote the term if the sign is meant', at)
    if token[0] == "／":
        raise QueryError("a regular expression is written between two half-width slashes, /…/; quote a term that begins with `／`", at)
    if inside := _SIGN_INSIDE.search(sign):
        raise QueryError(
            f"`{token[inside.start()]}` is no operator here; write {_FOREIGN[inside[0]]}, or quote the term", at + inside.start()
        )
    if not any(char.isalnum() or not (char.isascii() or unicodedata.category(char)[0] == "P") for char in token):
        raise QueryError(f"`{token}` holds no letter or digit; quote it if it is meant", at)
