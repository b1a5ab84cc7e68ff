"""What a page is, with the evidence: an article, or one of the six ways in which a portal answers with something else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import html

from pipelines.extract.head import Head
from pipelines.extract.lines import Line, PageLines
from pipelines.models import PageKind

_CHALLENGE = re.compile(
    r"just a moment|attention required|access denied|are you (?:a )?(?:human|robot)|verify (?:that )?you are human"
    r"|checking your browser|enable javascript and cookies"
    r"|captcha|安全验证|安全驗證|人机验证|人機驗證|真人验证|身份验证|访问验证|存取驗證|滑动验证|滑動驗證|拖动滑块|请完成验证"
    r"|請完成驗證|访问过于频繁|存取過於頻繁|请求过于频繁|访问受限|異常流量|异常流量"
    r"|(?:访问|訪問|请求|請求|連線)(?:已)?被(?:阻断|阻斷|拦截|攔截|拒绝|拒絕)|(?:输入|輸入|填写|填寫)(?:图中|圖中|图片中|圖片中)?[^。]{0,6}(?:验证码|驗證碼)"
    r"|(?:确认|確認|证明|證明)您?(?:是真人|不是机器人|不是機器人|是人類)|ロボットではありません|ロボットでない|画像認証|セキュリティ(?:確認|チェック)",
    re.IGNORECASE,
)
_CHALLENGE_XPATH = (
    "boolean(//*[@id='challenge-form' or @id='cf-wrapper' or @id='challenge-running' or @id='px-captcha']"
    " "
    "| //*[contains(@class,'g-recaptcha') or contains(@class,'h-captcha') or contains(@class,'cf-turnstile') or contains(@class,'geetest')]"
    " | //script[contains(@src,'challenge-platform') or contains(@src,'captcha-delivery') or contains(@src,'_Incapsula_Resource')]"
    " | //iframe[contains(@src,'captcha') or contains(@src,'_Incapsula_Resource')])"
)
_MISSING = re.compile(
    r"\b404\b|not found|page (?:does ?n.t|does not) exist|no longer available|(?:页面|頁面|网页|網頁|文章|新闻|新聞|内容|內容|资讯"
    r"|資訊|链接|連結|文件|帖子|记录)[\u4e00-\u9fff「」]{0,6}"
    r"(?:不存在|不见了|不見了|已(?:被)?(?:删除|刪除|下架|移除|失效)|无法找到|無法找到|找不到|未找到)|(?:找不到|未找到|没有找到"
    r"|沒有找到)[\u4e00-\u9fff您你]{0,10}(?:页面|頁面|网页|網頁|文章|新聞|新闻|内容|內容)"
    r"|(?:查無此|无此|無此|没有这个|沒有這個)(?:页|頁|网页|網頁|文章|新闻|新聞|内容|內容)"
    r"|(?:页面|頁面|网页|網頁)[\u4e00-\u9fff]{0,3}(?:走丢|走丟|飞走|飛走|迷路|去了火星|离家出走|離家出走)"
    r"|(?:内容|內容|文章)[\u4e00-\u9fff]{0,4}(?:因违规|因違規|无法查看|無法查看|无法显示|無法顯示)"
    r"|ページが見つかりません|ページは(?:存在し|見つかり)|お探しの(?:ページ|記事)|記事は(?:削除|存在し|掲載)|公開(?:期間|を)終了|掲載期間(?:が|は)終了",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"\b50[0234]\b|internal server error|bad gateway|service unavailable|gateway time-?out|database error|系统繁忙|系統忙碌"
    r"|服务器(?:内部)?错误|伺服器(?:內部)?錯誤|系统维护|系統維護|(?:网站|網站)(?:正在)?(?:维护|維護|升级|升級)|暂时无法访问|暫時無法"
    r"|ただいま(?:アクセスが集中|メンテナンス)|メンテナンス中|しばらく(?:経って|たって|して)から",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"(?:订阅|訂閱|付费|付費|会员|會員|VIP|登录|登入|购买|購買)[\u4e00-\u9fff\s，,]{0,12}(?:后|後|即可|才能|方可|以)?(?:继续阅读"
    r"|繼續閱讀|阅读全文|閱讀全文|看全文|查看全文|解锁|解鎖|观看完整)"
    r"|加入[\u4e00-\u9fff]{0,12}(?:付费|付費)(?:会员|會員)"
    r"|(?:请|請)(?:先)?(?:登录|登入)(?:后|後)?(?:阅读|閱讀|查看|觀看|观看)|(?:登录|登入)(?:后|後)(?:阅读|閱讀|查看|觀看|观看)(?:更多|全部|完整|全文|余下|剩餘)"
    r"|(?:本文|此文|全文)(?:为|為)?(?:付费|付費|会员|會員|订阅|訂閱)(?:专享|專享|专属|專屬|内容|內容|限定)"
    r"|(?:subscribe|sign in|log in|register) (?:now )?to (?:continue|read|unlock)|subscribers? only|有料(?:会員|記事|プラン)"
    r"|会員限定|残り\s*\d+\s*文字|続きを?(?:お?読み|読む)(?:いただけます|には)|会員登録(?:が必要|すると)",
    re.IGNORECASE,
)
SHORT = 150
"""Characters of text below which an article must prove that it is one."""
_SCANT = 700
"""A page with this many characters in all is a notice at most."""
_PAYWALLED = 250
"""A longer text is worth reading although the page asks for money."""


Verdict = tuple[PageKind, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the verdict rests on: the answer's status, the tree, all its lines, and the text that the ladder found.

    `absent` is True where the portal's sheet names elements of which every article has one and the page has none,
    `expected` where the address is an article's by the sheet, `zoned` where the sheet's own zone gave the text, `walled` where
    the page has an element that the sheet calls its paywall."""

    status: int
    tree: html.HtmlElement
    head: Head
    page: PageLines
    text: str
    absent: bool = False
    expected: bool = False
    zoned: bool = False
    walled: bool = False

    @property
    def size(self) -> int:
        """Visible characters of the page."""
        return sum(len(line.text) for line in self.page.all)

    @property
    def is_vouched_for(self) -> bool:
        """Whether sheet or page say that this is an article; a notice has neither zone nor article metadata."""
        return bool(self.text) and bool(self.zoned or self.head.linked or self.head.meta("article:published_time"))

    @property
    def is_list(self) -> bool:
        """Whether the page holds enough links of a headline's length to be a list."""
        return sum(line.links >= _HEADLINE for line in self.page.all) >= _FEW_LINKS

    @property
    def prose(self) -> int:
        """Characters of the text that tell something: no labels, no request to pay. Counted up to what any verdict asks for."""
        told = 0
        for each in self.text.split("\n"):
            if (len(each) >= _SENTENCE or _PROSE.search(each)) and not _PAYWALL.search(each):
                told += len(each)
            if told > _PAYWALLED:
                break
        return told

    @property
    def span(self) -> tuple[int, int]:
        """Where on the page the text's first line stands, and where its last one; the whole page where it does not stand on it."""
        told = set(self.text.split("\n"))
        at = [index for index, line in enumerate(self.page.all) if line.text in told]
        return (at[0], at[-1]) if at else (0, len(self.page.all))

    def below(self) -> Sequence[Line]:
        """The lines from the text's first one to a few below its last one."""
        first, last = self.span
        return self.page.all[first : last + _BELOW]

    @property
    def linked(self) -> str:
        """How much of the page is links, in words."""
        return f"{sum(line.links for line in self.page.all)} of {self.size} characters are links"

    @property
    def notice(self) -> str:
        """The words that a notice would use: title, headings, and all the text of a page that has little."""
        heads = [line.text for line in self.page.all if line.tag in ("h1", "h2")][:3]
        body = [line.text for line in self.page.all] if self.size < _SCANT else []
        return "\n".join([self.head.title or "", *heads, *body])


def kind_of(evidence: Evidence) -> tuple[PageKind, str]:
    """The page's kind and the evidence for it in one sentence; the first check that knows decides."""
    verdicts = (check(evidence) for check in (_gone, _challenge, _refused, _soft_missing, _soft_error, _paywall, _absent, _textless, _rows))
    return next((verdict for verdict in verdicts if verdict), None) or (PageKind.ARTICLE, _article(evidence))


def challenge_words(text: str) -> str | None:
    """The words by which a page challenges its reader, None where there are none."""
    found = _CHALLENGE.search(text)
    return found[0] if found else None


def _gone(evidence: Evidence) -> Verdict:
    if evidence.status in (404, 410):
        return PageKind.MISSING, f"status {evidence.status}"
    return (PageKind.PAYWALL, "status 402") if evidence.status == 402 else None


def _challenge(evidence: Evidence) -> Verdict:
    """A notice is a sentence or two; a page with more prose may be news about captchas."""
    if evidence.is_vouched_for or evidence.prose >= SHORT:
        return None
    if found := _CHALLENGE.search(evidence.notice):
        return PageKind.CHALLENGE, f"says `{found[0]}` where an article would stand"
    is_bare = evidence.size < _SCANT and evidence.tree.xpath(_CHALLENGE_XPATH)
    return (PageKind.CHALLENGE, "a captcha and hardly a word beside it") if is_bare else None


def _refused(evidence: Evidence) -> Verdict:
    if evidence.status >= 400:
        return PageKind.ERROR, f"status {evidence.status}"
    return (PageKind.EMPTY, "no visible text") if not evidence.text and evidence.size == 0 else None


def _soft_missing(evidence: Evidence) -> Verdict:
    if evidence.is_vouched_for or not (evidence.absent or evidence.prose < SHORT):
        return None
    if found := _MISSING.search(evidence.notice):
        return PageKind.MISSING, f"status {evidence.status}, but the page says `{found[0]}`"
    return None


def _soft_error(evidence: Evidence) -> Verdict:
    if evidence.is_vouched_for or len(evidence.text) >= SHORT or evidence.size >= _SCANT:
        return None
    if found := _ERROR.search(evidence.notice):
        return PageKind.ERROR, f"status {evidence.status}, but the page says `{found[0]}`"
    return None


def _paywall(evidence: Evidence) -> Verdict:
    """What the page itself says counts always, words about subscribing only below a text that no sheet has found."""
    is_closed = str(evidence.head.linked.get("isAccessibleForFree", "")).lower() == "false"
    if (evidence.zoned and not (evidence.walled or is_closed)) or evidence.prose >= _PAYWALLED:
        return None
    if evidence.walled:
        return PageKind.PAYWALL, f"the portal's paywall, and {len(evidence.text)} characters of text"
    if evidence.absent:
        return None
    if is_closed:
        return PageKind.PAYWALL, "JSON-LD says that it is not free, and only a teaser is on the page"
    if not evidence.zoned and (found := next(filter(None, (_PAYWALL.search(line.text) for line in evidence.below())), None)):
        return PageKind.PAYWALL, f"says `{found[0]}` below a teaser of {evidence.prose} characters"
    return None


def _absent(evidence: Evidence) -> Verdict:
    if not evidence.absent:
        return None
    if evidence.is_list and not evidence.expected:
        return PageKind.LISTING, f"no article element of the portal's sheet, and {evidence.linked}"
    return PageKind.MISSING, "none of the elements that every article of this portal has"


def _textless(evidence: Evidence) -> Verdict:
    if not evidence.text:
        words = "no text among the page's words"
        return (PageKind.LISTING, f"no text, and {evidence.linked}") if evidence.is_list else (PageKind.EMPTY, words)
    if not evidence.is_vouched_for and len(evidence.text) < _LEAST:
        return PageKind.EMPTY, f"only {len(evidence.text)} characters of text"
    return None


def _rows(evidence: Evidence) -> Verdict:
    if evidence.is_vouched_for or not evidence.is_list:
        return None
    told = evidence.text.split("\n")
    prose = sum(len(text) for text in told if len(text) >= _SENTENCE and _PROSE.search(text))
    if (prose < SHORT and _are_rows(told, evidence.page.all)) or _are_abstracts(evidence):
        return PageKind.LISTING, f"{evidence.linked}, against {prose} of prose"
    return None


def _are_abstracts(evidence: Evidence) -> bool:
    """Whether most paragraphs stand right below a headline that is a link: each tells another story."""
    first, last = evidence.span
    among = evidence.page.all[max(0, first - _CARD) : last + 1]
    headed = [line.links >= _HEADLINE and line.links * 4 > len(line.text) * 3 for line in among]
    paragraphs = [at for at, line in enumerate(among) if line.own >= _SENTENCE]
    cards = sum(any(headed[max(0, at - _CARD) : at]) for at in paragraphs)
    return cards >= _CARDS and cards * 3 >= len(paragraphs) * 2


_CARD, _CARDS = 3, 6
"""Lines between an abstract and its headline, and how many of them make a list."""


def _article(evidence: Evidence) -> str:
    return f"{len(evidence.text)} characters of text" + (" in the sheet's zone" if evidence.zoned else "")


def _are_rows(told: Sequence[str], page: Sequence[Line]) -> bool:
    """Whether half of the text's lines are links of the page, or half of them say again what another one said."""
    distinct, linked = set(told), "\n".join(line.text for line in page if line.links > 0)
    return len(told) >= _ROWS and (sum(text in linked for text in distinct) * 2 > len(distinct) or len(distinct) * 2 < len(told))


_PROSE = re.compile(r"[。！？!?.…][”\"』」）)]*$|[。！？].*[。！？]")
_SENTENCE = 30
_BELOW = 15
"""Lines below the text in which a page asks for money or a login."""
_HEADLINE = 8
_FEW_LINKS = 8
"""Links as long as headlines from which on a page may be a list of them."""
_LEAST = 20
_ROWS = 8
"""A list has at least so many lines."""
