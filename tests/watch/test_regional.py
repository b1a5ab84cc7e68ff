"""Words that differ by region or by spelling are joined in both directions; common words are not joined by mistake."""

import pytest

from pipelines.watch.terms import MOST, key, spellings

JOINED = [
    # regional words
    "信息 資訊", "网络 網路", "互联网 網際網路", "软件 軟體", "硬件 硬體", "数据库 資料庫", "服务器 伺服器", "黑客 駭客", "短信 簡訊", "博客 部落格",
    "激光 雷射", "芯片 晶片", "硅谷 矽谷", "出租车 計程車", "的士 计程车", "自行车 腳踏車", "航天飞机 太空梭", "人工智能 人工智慧", "艾滋病 愛滋病",
    "知识产权 智慧財產權", "首席执行官 執行長", "移动电话 行動電話", "数字经济 數位經濟", "抑郁症 憂鬱症", "阿司匹林 阿斯匹靈", "大数据 大數據",
    "网络信息 網路資訊", "奥巴马 歐巴馬", "英伟达 輝達", "密歇根 密西根 密芝根", "弗吉尼亚 維吉尼亞 維珍尼亞", "好莱坞 好萊塢",
    # spellings
    "计划 計畫 計劃", "策划 策畫", "报道 報導", "身份证 身分證", "部分 部份", "账户 帳戶", "打拼 打拚", "了解 瞭解", "瞭望 了望", "家具 傢俱", "車伕 车夫", "凭借 憑藉", "反复 反覆", "项链 項鍊",
]  # fmt: skip
APART = [
    "支持 支援", "文件 檔案", "程序 程式", "程式 程序", "发布 釋出", "打开 開啟", "高级 高階", "设备 裝置", "数据 資料", "资料 數據", "视频 影片",
    "通信 通訊", "通讯 通信", "社区 社群", "声明 宣告", "核心 内核", "在线 線上", "局部 區域性", "智慧 智能", "消息 訊息", "项目 專案", "默认 預設",
    "位元 比特", "布尔 布林", "指针 指標", "整合 集成", "建立 创建", "打坯 打坏", "毛坯 毛坏", "佐治亚 格鲁吉亚", "巨集 宏", "端口 埠", "变量 變數",
]  # fmt: skip


@pytest.mark.parametrize("pair", JOINED)
def test_each_of_them_looks_for_the_others(pair: str) -> None:
    words = pair.split()
    for word in words:
        assert {key(other) for other in words} <= set(spellings(word))


@pytest.mark.parametrize("printed", ["特雷莎．梅", "特雷莎‧梅", "特雷莎・梅", "特雷莎梅"])
def test_a_names_dot_is_looked_for_as_every_region_prints_it(printed: str) -> None:
    assert key(printed) in spellings("特雷莎·梅")


@pytest.mark.parametrize("pair", APART)
def test_words_that_only_sometimes_are_one_stay_apart(pair: str) -> None:
    one, other = pair.split()
    assert key(other) not in spellings(one)
    assert key(one) not in spellings(other)


def test_a_term_of_many_regional_words_keeps_to_its_bound() -> None:
    forms = spellings("网络信息软件硬件服务器数据库短信博客激光芯片黑客")
    assert len(forms) == MOST
    assert len(set(forms)) == MOST


@pytest.mark.parametrize("term", ["脑梗", "塔吉克", "Putin", "后", "的士兵"])
def test_no_form_grows_without_end(term: str) -> None:
    assert len(spellings(term)) <= 3


@pytest.mark.parametrize(
    ("term", "forms"),
    [
        ("AI芯片", {"ai芯片", "ai 芯片", "ai晶片", "ai 晶片"}),
        ("中国 AI公司", {"中国ai公司", "中国 ai公司", "中国ai 公司", "中国 ai 公司"}),
        ("10萬", {"10万", "10 万"}),
        ("iPhone 17", {"iphone 17"}),
        ("北京 大学", {"北京大学"}),
    ],
)
def test_a_space_where_han_and_latin_meet_is_none(term: str, forms: set[str]) -> None:
    assert set(spellings(term)) == forms


def test_a_terms_own_form_comes_first() -> None:
    assert spellings("資訊")[0] == "资讯"
    assert spellings("Export  Control") == ("export control",)
