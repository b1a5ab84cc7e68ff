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
    r"|請完成驗證|访问过于频繁|存取過於頻繁|请求过于频繁|访问受限|異常流量|异常流量",
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
    r"|ページが見つかりません|お探しのページ|記事は(?:削除|存在し)",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"\b50[0234]\b|internal server error|bad gateway|service unavailable|gateway time-?out|database error|系统繁忙|系統忙碌"
    r"|服务器错误|伺服器錯誤|系统维护|系統維護|暂时无法访问|暫時無法",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"(?:订阅|訂閱|付费|付費|会员|會員|VIP|登录|登入|购买|購買)[\u4e00-\u9fff\s，,]{0,12}(?:后|後|即可|才能|方可|以)?(?:继续阅读"
    r"|繼續閱讀|阅读全文|閱讀全文|看全文|查看全文|解锁|解鎖|观看完整)"
    r"|加入[\u4e00-\u9fff]{0,12}(?:付费|付費)(?:会员|會員)"
    r"|(?:subscribe|sign in|log in|register) (?:now )?to (?:continue|read|unlock)|subscribers? only|有料(?:会員|記事|プラン)"
    r"|会員限定|残り\d+文字",
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
    `expected` where the address is an article's by the sheet, `zoned` where the sheet's own zone gave the text."""

    status: int
    tree: html.HtmlElement
    head: Head
    page: PageLines
    text: str
    absent: bool = False
    expected: bool = False
    zoned: bool = False

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


def _gone(evidence: Evidence) -> Verdict:
    if evidence.status in (404, 410):
        return PageKind.MISSING, f"status {evidence.status}"
    return (PageKind.PAYWALL, "status 402") if evidence.status == 402 else None


def _challenge(evidence: Evidence) -> Verdict:
    if evidence.is_vouched_for or len(evidence.text) >= _SCANT:
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
    if evidence.is_vouched_for or not (evidence.absent or len(evidence.text) < SHORT):
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
    """What the page itself says counts always, words about subscribing only where no sheet has found the text."""
    if len(evidence.text) >= _PAYWALLED or evidence.absent:
        return None
    if str(evidence.head.linked.get("isAccessibleForFree", "")).lower() == "false":
        return PageKind.PAYWALL, "JSON-LD says that it is not free, and only a teaser is on the page"
    found = None if evidence.zoned else next((match for line in evidence.page.all if (match := _PAYWALL.search(line.text))), None)
    if found:
        return PageKind.PAYWALL, f"says `{found[0]}` below a teaser of {len(evidence.text)} characters"
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
    if evidence.is_vouched_for:
        return None
    told = evidence.text.split("\n")
    prose = sum(len(text) for text in told if len(text) >= _SENTENCE and _PROSE.search(text))
    if prose < SHORT and evidence.is_list and _are_rows(told, evidence.page.all):
        return PageKind.LISTING, f"{evidence.linked}, against {prose} of prose"
    return None


def _article(evidence: Evidence) -> str:
    return f"{len(evidence.text)} characters of text" + (" in the sheet's zone" if evidence.zoned else "")


def _are_rows(told: Sequence[str], page: Sequence[Line]) -> bool:
    """Whether half of the text's lines are links of the page, or half of them say again what another one said."""
    distinct, linked = set(told), "\n".join(line.text for line in page if line.links > 0)
    return len(told) >= _ROWS and (sum(text in linked for text in distinct) * 2 > len(distinct) or len(distinct) * 2 < len(told))


_PROSE = re.compile(r"[。！？!?.…][”\"』」）)]*$|[。！？].*[。！？]")
_SENTENCE = 30
_HEADLINE = 8
_FEW_LINKS = 8
"""Links as long as headlines from which on a page may be a list of them."""
_LEAST = 20
_ROWS = 8
"""A list has at least so many lines."""
