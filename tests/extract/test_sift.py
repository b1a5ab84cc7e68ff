"""Lines around a text go, lines of it that look like them stay."""

import pytest

from pipelines.extract import phrases
from pipelines.extract.lines import Line, lines
from pipelines.extract.sift import is_furniture, sift
from pipelines.extract.tree import parse


def _line(text: str) -> Line:
    return next(iter(lines(parse(f"<p>{text}</p>"))))


@pytest.mark.parametrize(
    "text",
    [
        "（责任编辑：小河）",
        "責任編輯／周一平",
        "编辑 刘小晓 校对 李明明",
        "【责任编辑：小河】",
        "网编：睿睿",
        "来源：河口晚报",
        "原标题：石桥修缮",
        "关键词：石桥 修缮",
        "分享到：",
        "2024-03-05 07:05 来源：河口晚报",
        "2024年03月05日 07:05",
        "更多新聞：燈塔重新亮燈",
        "點擊下載島嶼新聞APP看更多新聞",
        "扫描下方二维码关注我们",
        "請繼續往下閱讀...",
        "您现在的位置：首页 > 国内",
        "免责声明：文中内容仅供参考",
    ],
)
def test_furniture_is_told(text: str) -> None:
    assert is_furniture(_line(text))


@pytest.mark.parametrize(
    "text",
    [
        "记者：请问这座桥什么时候修好？",
        "編輯部昨天搬進了新大樓。",
        "来源不明的石料被退回。",
        "用户下载该客户端后发现，三百万条记录已经公开，公司表示将在下周二之前修复，并向受影响的人道歉。",
        "他在公众号里写道，关注这件事的人越来越多。",
        "2024年3月5日，市政厅宣布修缮开始。",
        "评论员说，这座桥等了二十年。",
        "北约秘书长：变得更依赖",
        "Editors at the paper said on Tuesday that they would move.",
    ],
)
def test_a_sentence_is_no_furniture(text: str) -> None:
    assert not is_furniture(_line(text))


@pytest.mark.parametrize(
    "text",
    [
        "© 2024 河口网",
        "版权所有：河口网",
        "未经授权，不得转载",
        "本網站之文字、圖片，非經授權，不得轉載",
        "本文经授权转载自河口晚报",
        "All rights reserved.",
        "無断転載を禁じます",
    ],
)
def test_a_claim_of_rights_is_told(text: str) -> None:
    assert phrases.RIGHTS.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "该公司未经授权使用其专利，被判赔三百万元。",
        "版权纠纷案星期三开庭。",
        "公司表示保留权利，采取进一步行动。",
        "They copied the bridge.",
    ],
)
def test_news_of_rights_is_no_claim(text: str) -> None:
    assert not phrases.RIGHTS.search(text)


def test_an_ending_heading_ends_a_text_and_the_same_words_at_its_start_do_not() -> None:
    body = "".join(f"<p>第{n}座石桥的修缮从星期三开始，工程师说要到明年四月才能完成。</p>" for n in range(9))
    after = sift(list(lines(parse(f"<div>{body}<div>相关新闻</div><p>灯塔下个月亮灯，渔民说等了很久。</p></div>"))), None)
    before = sift(list(lines(parse(f"<div><p>相关新闻</p>{body}</div>"))), None)
    assert len(after.text) == 9
    assert len(before.text) == 10
