"""Reading a query: what the card allows, how tightly things bind, and what is said about a query that does not read."""

import pytest

from pipelines.errors import QueryError
from pipelines.watch.nodes import And, AtLeast, Count, Except, Group, In, Kind, Near, Node, Not, Regex, Term
from pipelines.watch.query import parse


def written(node: Node) -> str:  # noqa: PLR0911  one return a kind of node
    """A tree with every bracket shown."""
    match node:
        case Term(shown=shown):
            return shown
        case Group(name=name):
            return f"@{name}"
        case Regex(pattern=pattern):
            return f"/{pattern}/"
        case And(items=items):
            return f"({' & '.join(map(written, items))})"
        case AtLeast(least=1, items=items):
            return f"({' | '.join(map(written, items))})"
        case AtLeast(least=least, items=items):
            return f"{least}of({', '.join(map(written, items))})"
        case Not(item=item):
            return f"-{written(item)}"
        case Near(left=left, right=right, distance=distance):
            return f"({written(left)} ~{distance} {written(right)})"
        case Count(item=item, times=times):
            return f"{written(item)}*{times}"
        case Except(item=item, exclusions=exclusions):
            return f"{written(item)}\\({', '.join(map(written, exclusions))})"
        case In(field=field, item=item):
            return f"{field}:{written(item)}"


@pytest.mark.parametrize(
    ("query", "tree"),
    [
        ("北韓", "北韓"),
        ("朝鮮 俄羅斯", "(朝鮮 & 俄羅斯)"),
        ("朝鮮　俄羅斯", "(朝鮮 & 俄羅斯)"),
        ("A AND B", "(A & B)"),
        ("a and b or c", "((a & b) | c)"),
        ("A OR B C", "(A | (B & C))"),
        ("A B OR C D", "((A & B) | (C & D))"),
        ("(A OR B) C", "((A | B) & C)"),
        ("（A OR B） C", "((A | B) & C)"),
        ("A NOT B", "(A & -B)"),
        ("A NOT B C", "(A & -B & C)"),
        ("A AND NOT (B OR C)", "(A & (-B & -C))"),
        ("A not not B", "(A & B)"),
        ('"export control"', "export control"),
        ("“export control” A", "(export control & A)"),
        ("A NEAR/20 B", "(A ~20 B)"),
        ("NOT A NEAR/20 B C", "(-(A ~20 B) & C)"),
        ("A near / 5 (B OR @x)", "(A ~5 (B | @x))"),
        ("A EXCEPT (B) NEAR/3 C", "(A\\(B) ~3 C)"),
        ("2 OF (A, B，C)", "2of(A, B, C)"),
        ("2 of（A，B C）", "2of(A, (B & C))"),
        ("1 OF (A, B)", "(A | B)"),
        ("A*3", "A*3"),
        ("A＊3 B", "(A*3 & B)"),
        ("(A OR B)*2", "(A | B)*2"),
        ("title:A*3 B", "(title:A*3 & B)"),
        ("title:A B", "(title:A & B)"),
        ("TITLE：(A OR B)", "title:(A | B)"),
        ("title:(A NEAR/5 B)", "title:(A ~5 B)"),
        ("中共 EXCEPT (其中共, 集中共)", "中共\\(其中共, 集中共)"),
        ("A EXCEPT (B) EXCEPT (C)", "A\\(B, C)"),
        ("missil*", "missil*"),
        ("=后", "=后"),
        ('="New York"', '="New York"'),
        ("@putin @leaders", "(@putin & @leaders)"),
        ("/俄.{1,3}国/", "/俄.{1,3}国/"),
        (r"/a\/b c/ d", "(/a/b c/ & d)"),
        ("portal:x", "portal:x"),
        ("北韓（俄羅斯）“x”", "(北韓 & 俄羅斯 & x)"),
        ("U.S. C++ AT&T 12:30 https://x.y/z", "(U.S. & C++ & AT&T & 12:30 & https://x.y/z)"),
        ("bank of china", "(bank & of & china)"),
        ("android orange notice", "(android & orange & notice)"),
        ("2 OF (A, NOT B)", "2of(A, -B)"),
        ("A OR NOT NOT B", "(A | B)"),
        ("A NOT 2 OF (B, C)", "(A & -2of(B, C))"),
        ("2 OF （A、B、C）", "2of(A, B, C)"),
        ("中共 EXCEPT (其中共、集中共)", "中共\\(其中共, 集中共)"),
        ("「A B」OR『=C』", "(A B | =C)"),
        ("=「后」 反「一中」", "(=「后」 & 反 & 一中)"),
        ('5G+服務 Disney+ 24/7 "北京/上海" Xi\'an L’Oréal', "(5G+服務 & Disney+ & 24/7 & 北京/上海 & Xi'an & L’Oréal)"),
        ("H&M S&P R&D", "(H&M & S&P & R&D)"),
    ],
)
def test_a_query_reads_as_the_card_says(query: str, tree: str) -> None:
    assert written(parse(query)) == tree


@pytest.mark.parametrize(
    ("query", "offset", "said"),
    [
        ("", 0, "empty query"),
        ("  ", 2, "empty query"),
        ("NOT A", 0, "positive"),
        ("A OR NOT B", 5, "positive"),
        ("NOT A NOT B", 0, "positive"),
        ("2 OF (A, NOT B, NOT C)", 9, "positive"),
        ("(A", 2, "not closed"),
        ("（A OR （B）", 9, "not closed"),
        ("A)", 1, "closes no bracket"),
        ("()", 1, "empty brackets"),
        ("A AND", 5, "the query ends"),
        ("AND A", 0, "quote it"),
        ("A OR OR B", 5, "quote it"),
        ("A NEAR B", 2, "NEAR/20"),
        ("A NEAR/5 B NEAR/5 C", 11, "does not chain"),
        ("A NEAR/5 (B AND C)", 2, "terms, alias groups and ORs"),
        ("A NEAR/5 /b/", 2, "terms, alias groups and ORs"),
        ("title:A NEAR/5 B", 8, "title:( … )"),
        ("A NEAR/99999 B", 2, "at most"),
        ("titel:A", 0, "did you mean `title:`?"),
        ("B foo:A", 2, "fields are title"),
        ("title:(body:A)", 0, "one field only"),
        ("-足球", 0, "NOT 足球"),
        ("A && B", 2, "write AND"),
        ("A | B", 2, "write OR"),
        ("A ...", 2, "no letter or digit"),
        ('"abc', 0, "not closed"),
        ('A ""', 2, "empty term"),
        ('" "', 0, "empty term"),
        ("导弹*", 2, "needs none"),
        ("A * 3", 2, "right behind"),
        ("a*b", 1, "right behind"),
        ("A*0", 1, "1 or more"),
        ("A, B", 1, "comma"),
        ("A EXCEPT B", 9, "EXCEPT (…)"),
        ("/a(/", 0, "RE2"),
        ("/a*/", 0, "every article"),
        ("A /b", 2, "two slashes"),
        ("4 OF (A, B)", 0, "from 1 to 2"),
        ("2 OF A", 2, "2 OF (A, B, C)"),
        ("A @", 2, "without a name"),
        ("A =", 2, "without a name"),
        ("A OR (B OR title:(NOT C D) NOT E) OR NOT F", 37, "positive"),
        ("A｜B", 1, "write OR"),
        ("北京|上海", 2, "write OR"),
        ("北京＆上海", 2, "write AND"),
        ("上海 ！北京", 3, "NOT 北京"),
        ("北京 ＯＲ 上海", 3, "half-width"),
        ("中共 EXEPT (其中共)", 3, "did you mean `EXCEPT`?"),
        ("标题:北京", 0, "did you mean `title:`?"),
        ("A 記者：王", 2, "did you mean `author:`?"),
        ("快讯：北京", 0, "quote a term that has a colon"),
        ("北京、上海", 2, "comma"),
        ("北韓 and 俄羅斯 或 普京", 11, "`或` is no operator here; write OR, or quote it"),
        ("北韓 與 俄羅斯", 3, "write AND"),
        ("北韓 非 足球", 3, "write NOT"),
        ("北京+上海", 2, "write AND, or quote"),
        ("北京／上海", 2, "write OR, or quote"),
        ("x 北京/上海", 4, "write OR, or quote"),
        ("x ／北京／", 2, "between two half-width slashes"),
        ("A ‘北京 上海’", 2, "`‘` is no quotation mark here"),
        ("'export control'", 0, "`'` is no quotation mark here"),
        ("「北京", 0, "not closed"),
        ('A "export control*"', 17, 'write `"export control"*`'),
        ("A NEAR/ B", 2, "NEAR/20"),
        ("A NEAR/x B", 2, "NEAR/20"),
        (f"A NEAR/{'9' * 5000} B", 2, "at most"),
        (f"{'9' * 5000} OF (A, B)", 0, "from 1 to 2"),
        (f"A*{'0' * 5000}", 1, "1 or more"),
        ("A /\ud800/", 2, "surrogate"),
    ],
)
def test_a_bad_query_is_refused_with_place_and_advice(query: str, offset: int, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert said in caught.value.message
    assert caught.value.offset == offset


def test_brackets_without_end_and_endless_queries_are_refused_not_overflowed() -> None:
    for query in ("(" * 5000, "A " * 20_000):
        with pytest.raises(QueryError):
            parse(query)
    assert written(parse("(" * 50 + "A" + ")" * 50)) == "A"


def test_an_exact_term_is_composed_and_keeps_its_case() -> None:
    term = parse("=Cafe\u0301")
    assert isinstance(term, Term)
    assert (term.kind, term.text) == (Kind.EXACT, "Café")
