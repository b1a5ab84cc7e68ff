"""Messages that the tests send: an invented story in both scripts, and a hostile one."""

from dataclasses import replace
from datetime import UTC, datetime

from pipelines.models import Hit, Message

TITLE = "平壤代表團抵達海參崴，普京週三設宴"
TEXT = (
    "（本報訊）一列綠色列車昨晚駛進濱海邊疆區的總站。月台上鋪了紅毯，樂隊等了兩個小時。\n"
    "朝鮮代表團團長說，這次訪問應俄羅斯方面邀請，為期三天。普京的發言人表示，雙方要談鐵路、漁業和郵政，沒有安排簽字。\n"
    "市民阿廖沙在街角賣花，他說從前天起市中心就封了三條路，生意卻比平時好。\n"
    "朝鲜与俄罗斯去年的铁路货运量增加了一成，港口的起重机却少了两台，货主们抱怨要多等一个星期。\n"
    "A spokesman for the port said 12 trains a day would be the limit this winter. 😀 Nobody asked him why.\n"
    "學者林一帆認為，象徵意義大於內容，真正要看的是明年春天的班次表。首爾和東京都說正在留意。\n"
)
TERMS = {"北韓": ("朝鮮", "朝鲜"), "俄羅斯": ("俄羅斯", "俄罗斯"), "普京": ("普京",)}


def hits_in(text: str, field: str, terms: dict[str, tuple[str, ...]] = TERMS) -> tuple[Hit, ...]:
    """Every occurrence of every form, as a match would give it."""
    return tuple(
        Hit(term=term, as_written=form, start=at, end=at + len(form), field=field)
        for term, forms in terms.items()
        for form in forms
        for at in range(len(text))
        if text.startswith(form, at)
    )


NEW = Message(
    id="m-0001",
    kind="new",
    channel="desk",
    recipient="desk@example.org",
    story_id=41,
    revision=1,
    topics=(("dprk-russia", "俄朝往來"), ("rail", "鐵路 & 港口")),
    title=TITLE,
    text=TEXT,
    url="https://news.example.com/2024/06/18/4711.html?nid=12&from=list",
    portal="harbour_post",
    portal_name="港口郵報",
    hits=hits_in(TITLE, "title") + hits_in(TEXT, "text"),
    publisher=("遠東通訊", "港口郵報"),
    author="記者 林小雁",
    published_at=datetime(2024, 6, 18, 14, 30, tzinfo=UTC),
    first_seen_at=datetime(2024, 6, 18, 14, 33, 5, tzinfo=UTC),
    language="zh-Hant",
    rights="© 2024 遠東通訊，未經許可不得轉載",
)
BEFORE = TEXT.replace("為期三天", "为期兩天").replace("12 trains", "15 trains").replace("市民阿廖沙在街角賣花，", "")
BEFORE = "更新時間：2024/06/18 22:31\n" + BEFORE.replace("首爾和東京都說正在留意。", "警方封鎖了碼頭。首爾和東京都說正在留意。")
REVISION = replace(NEW, id="m-0002", kind="revision", revision=2, thread="m-0001", late=True, before=("平壤代表團抵達海參崴", BEFORE))
DEVELOPMENT = replace(NEW, id="m-0003", kind="development", revision=0, development=1, thread="m-0001")
VANISHED = replace(NEW, id="m-0003", kind="vanished", revision=3, thread="m-0001")
HOSTILE_TITLE = (
    '<script>alert("1")</script>\r\nBcc: victim@example.com\n\n\u202etxet desrever\u2066\x00 \ud800 {{ 7*7 }} &amp; ' + "朝鮮" * 5000
)
HOSTILE = replace(
    NEW,
    id="m\r\nX-Evil: 1",
    kind="revision",
    before=("<b>\x00\u202e" * 500, "<script>\ud800\n" * 500 + "</del>" * 900),
    thread="t\r\nX-Evil: 2",
    title=HOSTILE_TITLE,
    text='"><img src=x onerror=alert(1)>\x1b[31m\u202e\ud83d' + "朝鮮<b>" * 3000,
    url="javascript:alert(1)//https://news.example.com/",
    portal_name="<i>港口</i>\u202e\n" * 300,
    topics=tuple((f"t{number}", f"</td><h1>題{number}\r\nX: y") for number in range(500)),
    hits=(
        *hits_in(HOSTILE_TITLE, "title"),
        Hit(term="</style>", as_written="<u>\ud800", start=-5, end=10**9, field="text"),
        *(Hit(term=f"<t{number}>", as_written="x" * 9000, start=number, end=number + 1, field="text") for number in range(400)),
    ),
    publisher=tuple("<script>" for _ in range(50)),
    author="\x00<b>記者</b>\n" * 500,
    language='zh" onload="x',
    rights="©" * 5000,
    published_at=datetime(1, 1, 1, tzinfo=UTC),
)
