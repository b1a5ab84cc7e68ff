"""One story in the markups that pages are found in, none of whose names tells anything, with the noise that surrounds it."""

from collections.abc import Callable, Sequence

Layout = Callable[[str, Sequence[str]], str]
"""The HTML of an article: title and paragraphs in, what stands in the page's middle out."""


def page(title: str, middle: str, beneath: str = "", before: str = "") -> str:
    """A page of an unknown site: navigation, side column and footer, under names that a build tool made up."""
    nav = "".join(f'<a href="/{n}">{name}</a>' for n, name in enumerate(("首页", "要闻", "财经", "体育", "文化", "港口", "天气")))
    related = "".join(f'<li><a href="/r{n}">河口第{n}座石桥的修缮工程今天开工，市民前往围观</a></li>' for n in range(8))
    return (
        f'<html><head><title>{title}_河口新闻网</title></head><body><div class="x1">{nav}</div>'
        f'<div class="q7"><div class="zz">您现在的位置：<a href="/">首页</a> &gt; <a href="/n">要闻</a> &gt; 正文</div>{before}'
        f'<div class="k3"><h1>{title}</h1><div class="m0">2026-03-02 11:20 来源：河口新闻网 作者：林秋雨</div>{middle}'
        f'<div class="s">分享到：<a href="#">微博</a><a href="#">微信</a></div></div>{beneath}'
        f'<div class="t"><h3>热门推荐</h3><ul>{related}</ul></div></div>'
        '<div class="f">关于我们 | 联系我们 | 版权所有 河口新闻网 未经授权不得转载 电话：0571-1234567 邮箱：desk@example.org</div></body></html>'
    )


def paragraphs(title: str, told: Sequence[str]) -> str:
    """As everybody writes it."""
    return "<div>" + "".join(f"<p>{each}</p>" for each in told) + "</div>"


def breaks(title: str, told: Sequence[str]) -> str:
    """Text and line breaks in one element, as forums and old portals have it."""
    return '<div class="b">　　' + "<br><br>　　".join(told) + "</div>"


def divs(title: str, told: Sequence[str]) -> str:
    """A div a paragraph."""
    return '<div class="b">' + "".join(f'<div class="y">{each}</div>' for each in told) + "</div>"


def tables(title: str, told: Sequence[str]) -> str:
    """Tables in tables."""
    return f"<table><tr><td><table><tr><td>{'<br>'.join(told)}</td></tr></table></td></tr></table>"


def rows(title: str, told: Sequence[str]) -> str:
    """A row a paragraph."""
    return "<table>" + "".join(f"<tr><td>{each}</td></tr>" for each in told) + "</table>"


def sections(title: str, told: Sequence[str]) -> str:
    """Sections in sections, as editors of app pages write it."""
    return "<section>" + "".join(f"<section><section><span>{each}</span></section></section>" for each in told) + "</section>"


def spans(title: str, told: Sequence[str]) -> str:
    """Inline elements with line breaks."""
    return '<div class="b">' + "".join(f'<span style="font-size:14px"><font>{each}</font></span><br>' for each in told) + "</div>"


def scattered(title: str, told: Sequence[str]) -> str:
    """A container a paragraph, at different depths, with advertisements between them."""
    wrapped = (
        f'<div class="w"><div class="v"><p>{each}</p></div></div>' if n % 2 else f'<div class="w"><p>{each}</p></div>'
        for n, each in enumerate(told)
    )
    return "<div>" + '<div class="adx"><a href="/ad">广告</a></div>'.join(wrapped) + "</div>"


def unclosed(title: str, told: Sequence[str]) -> str:
    """Paragraphs that nobody closed."""
    return '<div class="b"><p>' + "<p>".join(told) + "</div>"


def preformatted(title: str, told: Sequence[str]) -> str:
    """The text of a wire as it came."""
    return "<pre>" + "\n\n".join(told) + "</pre>"


def numbered(title: str, told: Sequence[str]) -> str:
    """Points of a list."""
    return f"<div><p>{told[0]}</p><ol>" + "".join(f"<li>{each}</li>" for each in told[1:]) + "</ol></div>"


def quoted(title: str, told: Sequence[str]) -> str:
    """Every second paragraph a quotation."""
    return (
        "<div>"
        + "".join(f"<blockquote><p>{each}</p></blockquote>" if n % 2 else f"<p>{each}</p>" for n, each in enumerate(told))
        + "</div>"
    )


def illustrated(title: str, told: Sequence[str]) -> str:
    """An image with its caption below each paragraph."""
    figure = '<figure><img src="/p{0}.jpg"><figcaption>河口码头，第{0}张。林秋雨摄</figcaption></figure>'
    return "<div>" + "".join(f"<p>{each}</p>{figure.format(n)}" for n, each in enumerate(told)) + "</div>"


LAYOUTS: dict[str, Layout] = {
    each.__name__: each
    for each in (paragraphs, breaks, divs, tables, rows, sections, spans, scattered, unclosed, preformatted, numbered, quoted, illustrated)
}

COMMENTS = "".join(
    f'<div class="c"><span>读者{n}</span><div>我住在河口{n}年了，这座桥早该修了，希望这一次不要再拖下去。</div><span>赞 {n}</span></div>'
    for n in range(25)
)
CARDS = "".join(
    f'<div class="d"><a href="/c{n}"><h3>第{n}号码头的候船室下月启用</h3></a><p>船公司星期二表示，第{n}号码头新设的候船室将于下月启用，旅客不必再于露天等候，'
    f"票价维持不变，首班船提前到清晨五点四十分。</p></div>"
    for n in range(6)
)

SHORT_FORMS: dict[str, tuple[str, Sequence[str]]] = {
    "a flash": (
        "河口大桥今晨恢复通车",
        ("【河口大桥今晨恢复通车】交通局消息，封闭检修三天的河口大桥今晨六时恢复双向通车，公交线路同时复原。",),
    ),
    "a short flash": ("央行维持利率不变", ("央行星期三宣布维持基准利率不变，符合市场预期。",)),
    "a flash in Traditional script": ("港口今起恢復夜航", ("港務公司宣布，因霧停航兩天的夜間航班今晚七時起恢復，旅客可憑原票改搭。",)),
    "an interview": (
        "专访桥梁工程师林秋雨",
        (
            "河口的十七座石桥今年开始修缮。本报记者日前采访了主持工程的林秋雨。",
            "记者：为什么是今年？",
            "林秋雨：等不了了。",
            "记者：最难的是哪一座？",
            "林秋雨：第三座。它的桥墩是明代的，每一块石头都要编号。",
            "记者：会不会影响通航？",
            "林秋雨：会，但只在夜里。",
            "记者：什么时候修完？",
            "林秋雨：明年四月，如果雨季不来得太早的话。",
            "记者：谢谢您。",
            "林秋雨：谢谢。",
        ),
    ),
    "a poem": (
        "石桥（组诗）",
        (
            "石桥站在水上",
            "水站在月光里",
            "我数到第十七座",
            "船就不再说话",
            "有人把灯挂在桥头",
            "等一个不回来的人",
            "桥不说话",
            "水也不说话",
            "只有风从河口来",
            "带着去年的盐",
        ),
    ),
    "a live blog": (
        "直播：河口大桥合龙",
        tuple(
            f"{hour}:{minute:02d} 合龙段第{number}块开始吊装，现场风力三级，工程师说一切按计划进行。"
            for number, (hour, minute) in enumerate([(8, 10), (9, 5), (10, 20), (11, 40), (13, 15), (14, 30), (16, 0)], start=1)
        ),
    ),
    "a report of numbers": (
        "三月河口港吞吐量",
        (
            "河口港务局星期一公布三月运行数据。",
            "一、货物吞吐量412万吨，同比增长3.1%；",
            "二、集装箱吞吐量18.6万标箱，同比下降0.4%；",
            "三、旅客吞吐量27.9万人次，同比增长12.5%；",
            "四、危险品作业零事故。",
            "港务局表示，四月将新增两条近海航线。",
        ),
    ),
    "an announcement": (
        "河口市交通局关于石桥封闭施工的通告",
        (
            "因石桥修缮工程需要，现将有关事项通告如下：",
            "一、封闭时间：2026年3月5日至2026年4月30日。",
            "二、封闭路段：第三、第四、第五座石桥桥面。",
            "三、过往车辆请绕行滨河路。",
            "特此通告。",
            "河口市交通局",
            "2026年3月2日",
        ),
    ),
}
"""Articles that have little of what articles are told by: few characters, few sentences, short lines."""
