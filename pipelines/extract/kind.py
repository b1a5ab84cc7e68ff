"""What a page is, with the evidence: an article, or one of the six ways in which a portal answers with something else."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lxml import html

from pipelines.extract.head import Head
from pipelines.extract.lines import Line
from pipelines.extract.phrases import SENTENCE_END
from pipelines.models import PageKind

_CHALLENGE = re.compile(
    r"just a moment|attention required|access denied|are you (?:a )?(?:human|robot)|verify (?:that )?you are human|checking your browser|enable javascript and cookies"
    r"|captcha|安全验证|安全驗證|人机验证|人機驗證|真人验证|身份验证|访问验证|存取驗證|滑动验证|滑動驗證|拖动滑块|请完成验证|請完成驗證|访问过于频繁|存取過於頻繁|请求过于频繁|访问受限|異常流量|异常流量",
    re.IGNORECASE,
)
_CHALLENGE_XPATH = (
    "boolean(//*[@id='challenge-form' or @id='cf-wrapper' or @id='challenge-running' or @id='px-captcha']"
    " | //*[contains(@class,'g-recaptcha') or contains(@class,'h-captcha') or contains(@class,'cf-turnstile') or contains(@class,'geetest')]"
    " | //script[contains(@src,'challenge-platform') or contains(@src,'captcha-delivery') or contains(@src,'_Incapsula_Resource')]"
    " | //iframe[contains(@src,'captcha') or contains(@src,'_Incapsula_Resource')])"
)
_MISSING = re.compile(
    r"\b404\b|not found|page (?:does ?n.t|does not) exist|no longer available|(?:页面|頁面|网页|網頁|文章|新闻|新聞|内容|內容|资讯|資訊|链接|連結|文件|帖子|记录)[\u4e00-\u9fff「」]{0,6}"
    r"(?:不存在|不见了|不見了|已(?:被)?(?:删除|刪除|下架|移除|失效)|无法找到|無法找到|找不到|未找到)|(?:找不到|未找到|没有找到|沒有找到)[\u4e00-\u9fff您你]{0,10}(?:页面|頁面|网页|網頁|文章|新聞|新闻|内容|內容)"
    r"|ページが見つかりません|お探しのページ|記事は(?:削除|存在し)",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"\b50[0234]\b|internal server error|bad gateway|service unavailable|gateway time-?out|database error|系统繁忙|系統忙碌|服务器错误|伺服器錯誤|系统维护|系統維護|暂时无法访问|暫時無法",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"(?:订阅|訂閱|付费|付費|会员|會員|VIP|登录|登入|购买|購買)[\u4e00-\u9fff\s，,]{0,12}(?:后|後|即可|才能|方可|以)?(?:继续阅读|繼續閱讀|阅读全文|閱讀全文|看全文|查看全文|解锁|解鎖|观看完整)"
    r"|(?:subscribe|sign in|log in|register) (?:now )?to (?:continue|read|unlock)|subscribers? only|有料(?:会員|記事|プラン)|会員限定|残り\d+文字",
    re.IGNORECASE,
)
SHORT = 150
"""Characters of text below which an article must prove that it is one."""
_SCANT = 700
"""A page with this many characters in all is a notice at most."""
_PAYWALLED = 400
"""A longer text is worth reading although the page asks for money."""
_FEW_LINKS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the verdict rests on: the answer's status, the tree, all its lines, and the text that the ladder found.

    `absent` is True where the portal's sheet names an element that every article has and the page has none;
    `zoned` where the sheet's own zone gave the text."""

    status: int
    tree: html.HtmlElement
    head: Head
    page: Sequence[Line]
    text: str
    absent: bool = False
    zoned: bool = False


def kind_of(evidence: Evidence) -> tuple[PageKind, str]:
    """The page's kind and the evidence for it in one sentence."""
    return _by_status(evidence.status) or _by_notice(evidence) or _by_shape(evidence)


def _by_status(status: int) -> tuple[PageKind, str] | None:
    if status in (404, 410):
        return PageKind.MISSING, f"status {status}"
    if status == 402:
        return PageKind.PAYWALL, "status 402"
    return None


def _by_notice(evidence: Evidence) -> tuple[PageKind, str] | None:
    """Challenge, error, soft 404 and paywall: a page of few words that says so."""
    size = sum(len(line.text) for line in evidence.page)
    title = evidence.head.title or ""
    notice = _notice(evidence, title)
    if (found := _CHALLENGE.search(notice)) and len(evidence.text) < _SCANT:
        return PageKind.CHALLENGE, f"says `{found[0]}` where an article would stand"
    if size < _SCANT and evidence.tree.xpath(_CHALLENGE_XPATH):
        return PageKind.CHALLENGE, "a captcha and hardly a word beside it"
    if evidence.status >= 400:
        return PageKind.ERROR, f"status {evidence.status}"
    if size == 0:
        return PageKind.EMPTY, "no visible text"
    if (found := _MISSING.search(notice)) and (evidence.absent or len(evidence.text) < SHORT):
        return PageKind.MISSING, f"status {evidence.status}, but the page says `{found[0]}`"
    if size < _SCANT and len(evidence.text) < SHORT and (found := _ERROR.search(notice)):
        return PageKind.ERROR, f"status {evidence.status}, but the page says `{found[0]}`"
    return _by_paywall(evidence)


def _notice(evidence: Evidence, title: str) -> str:
    """The words a notice would use: title, headings, and the whole text of a page that has little."""
    heads = [line.text for line in evidence.page if line.tag in ("h1", "h2")][:3]
    size = sum(len(line.text) for line in evidence.page)
    body = [line.text for line in evidence.page] if size < _SCANT else []
    return "\n".join([title, *heads, *body])


def _by_paywall(evidence: Evidence) -> tuple[PageKind, str] | None:
    if len(evidence.text) >= _PAYWALLED:
        return None
    free = str(evidence.head.linked.get("isAccessibleForFree", "")).lower()
    if free == "false":
        return PageKind.PAYWALL, "JSON-LD says that it is not free, and only a teaser is on the page"
    found = next((match for line in evidence.page if (match := _PAYWALL.search(line.text))), None)
    if found and len(evidence.text) < _PAYWALLED:
        return PageKind.PAYWALL, f"says `{found[0]}` below a teaser of {len(evidence.text)} characters"
    return None


def _by_shape(evidence: Evidence) -> tuple[PageKind, str]:
    links = sum(line.links for line in evidence.page)
    size = sum(len(line.text) for line in evidence.page)
    many = sum(1 for line in evidence.page if line.links * 2 > len(line.text) and line.links >= 8)
    linked = f"{links} of {size} characters are links"
    sentences = len(SENTENCE_END.findall(evidence.text))
    if evidence.absent:
        if many >= _FEW_LINKS:
            return PageKind.LISTING, f"no article element of the portal's sheet, and {linked}"
        return PageKind.MISSING, "none of the elements that every article of this portal has"
    if not evidence.text:
        return (PageKind.LISTING, f"no text, and {linked}") if many >= _FEW_LINKS else (PageKind.EMPTY, "no text among the page's words")
    if evidence.zoned or evidence.head.linked or evidence.head.meta("article:published_time"):
        return PageKind.ARTICLE, f"{len(evidence.text)} characters of text" + (" in the sheet's zone" if evidence.zoned else "")
    if many >= _FEW_LINKS and (len(evidence.text) < SHORT or links > _LISTED * len(evidence.text)):
        return PageKind.LISTING, f"{linked}, against {len(evidence.text)} of text"
    if len(evidence.text) < _LEAST or not sentences:
        return PageKind.EMPTY, f"only {len(evidence.text)} characters of text"
    return PageKind.ARTICLE, f"{len(evidence.text)} characters of text"


_LEAST = 20
_LISTED = 12
"""Link characters for each character of text from which on a page is a list."""
