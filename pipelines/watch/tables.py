"""Makes the tables that folding rests on, so that an OpenCC upgrade never silently moves what is already stored.

`python -m pipelines.watch.tables` writes pipelines/characters.txt (one pair a line: a character, what it folds to),
pipelines/combining.txt (ranges of code points that NFC may join with what stands before, or take apart) and
pipelines/watch/phrases.txt (two folded spellings of one word a line, such as 计划 计画, which no character table can join)
and pipelines/watch/regional.txt (the words of two regions for one thing, such as 信息 资讯; `part` behind a pair that is
joined only inside a longer term).
Sources: OpenCC's own dictionaries, Python's Unicode tables, and the variants below.
"""

import subprocess
import tempfile
import unicodedata
from functools import cache
from pathlib import Path

import opencc

PACKAGE = Path(__file__).resolve().parents[1]
CHARACTERS, COMBINING = PACKAGE / "characters.txt", PACKAGE / "combining.txt"
PHRASES, REGIONAL = PACKAGE / "watch" / "phrases.txt", PACKAGE / "watch" / "regional.txt"

# Pairs that OpenCC's t2s leaves apart: variants of one character, and typographic twins of one mark.
_VARIANTS = (
    "著着 衞卫 敍叙 衹只 粧妆 枱台 糭粽 痺痹 簷檐 锺钟 麽么 喫吃 牀床 祕秘 菸烟 煙烟 妳你 牠它 歎叹 鑒鉴 墻墙 蹟迹 舖铺 "
    "敎教 靑青 値值 戸户 呉吴 産产 卽即 旣既 眞真 爲为 羣群 峯峰 綫线 裡里 啓启 銹锈 汙污 洩泄 兇凶 佈布 週周 佔占 "
    "祇只 砲炮 慾欲 鲶鲇 讚赞 嚐尝 唸念 遊游 跡迹 蹤踪 証证 溼湿 鉤钩 麪面 粦磷 甦苏 〇零 ςσ "
    "馀余 ⺠民 ⻄西 ⻅见 ⻆角 ⻉贝 ⻋车 ⻓长 ⻔门 ⻘青 ⻚页 ⻛风 ⻜飞 ⻝食 ⻢马 ⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻨麦 ⻩黄 ⻬齐 ⻮齿 ⻰龙 "
    "‘' ’' ʼ' ′' “\" ”\" ‐- ‑- ‒- –- −- ‧· •· ・· ･· ∙· ⋅·"
)
VARIANTS = {pair[0]: pair[1] for pair in _VARIANTS.split()}

# Spellings of one word that are both in use and that OpenCC does not list.
_SPELLINGS = (
    "报道报导 身份身分 部分部份 成分成份 分量份量 过分过份 账户帐户 账号帐号 账目帐目 账单帐单 账簿帐簿 转账转帐 对账对帐 策划策画 "
    "规划规画 企划企画 谋划谋画 擘划擘画 刻画刻划 打拼打拚 拼命拚命 姐妹姊妹 度假渡假 联系连系 联络连络 联结连结 想象想像 盘踞盘据 "
    "覆盖复盖 唯一惟一 唯有惟有 什么甚么 人才人材 交代交待 坐落座落 座位坐位 坐标座标 轿夫轿伕 挑夫挑伕 "
    "恐怖分子恐怖份子 知识分子知识份子 不法分子不法份子 犯罪分子犯罪份子 武装分子武装份子 激进分子激进份子 极端分子极端份子 "
    "异议分子异议份子 积极分子积极份子 敌对分子敌对份子"
)
# Words that mean something else in the other region, or one of several things: alone they are not joined, 数字经济 is.
_PART_ONLY = (
    "支持 支援 文件 档案 文档 程序 程式 进程 行程 发布 释出 打开 开启 保存 储存 运行 执行 对象 物件 高级 高阶 高端 低级 低阶 设备 装置 "
    "设置 设定 访问 存取 联系 联络 创建 建立 激活 启用 连接 连线 类型 型别 查看 检视 查找 查询 添加 新增 刷新 重新整理 插件 外挂 实例 "
    "例项 交互 互动 循环 回圈 集成 整合 内核 核心 调用 呼叫 数据 资料 数字 数位 视频 影片 视讯 通信 通讯 社区 社群 壁纸 桌布 智能 智慧 "
    "声明 宣告 指针 指标 模拟 类比 仿真 比特 位元 布尔 布林 在线 线上 局部 区域性 全局 全域性 批量 批次 回调 回拨 禁用 停用 调度 排程 "
    "粘贴 贴上 呼出 拨出 图像 影像 奔驰 宾士 性能 效能 便携式 行动式 截取 撷取 加载 载入 卸载 解除安装 挂断 结束通话 抛出 丢掷 信道 通道 "
    "多态 多型 映射 对映 镜像 映象 引数 参数 界面 介面 接口 点击 点选 输入 溢出 优化 最佳化 存盘 存档 剪切 剪下 死机 宕机 免提 扩音 队列 "
    "伫列 集群 丛集 嵌套 巢状 缩进 缩排 分区 分割槽 扩展 扩充套件 端口 代码 程式码 性价比 价效比 发送 传送 元件 组件 传感 感测 采样 取样 "
    "字段 栏位 阵列 数组 片语 词组 散列 杂凑 哈希 乔治亚 佐治亚 格鲁吉亚 专案 项目 消息 讯息 窗口 视窗 审核 稽核 默认 预设 缺省 过载 "
    "重载 注销 登出 导入 汇入 导出 汇出 串行 序列 永续性 持久性 变量 变数 资料来源 数据源 简报 演示文稿 即时 实时 萨蒂 萨提 拉莫 拉摩 "
    "拉洛 拉罗 福雷 佛瑞 凯奇 凯吉 韦本 韦伯恩 格拉斯 葛拉斯 欧拉 尤拉 诺兰 路兰 香农 夏农 赖希 莱许 布里顿 布瑞顿"
)


def character_table() -> dict[str, str]:
    """Every code point that folds to another one: one to one, and folding twice changes nothing more."""
    letters = [char for char in map(chr, range(0x80, 0x32000)) if unicodedata.category(char)[0] in "LNSP" and _is_single(char)]
    simple = {
        **_wide(letters),
        **_converted("t2s", [char for char in letters if _is_han(char)]),
        **_japanese(letters),
        **_radicals(),
        **VARIANTS,
    }
    table = {char: _settled(char, simple) for char in [*map(chr, range(0x41, 0x5B)), *letters, *VARIANTS]}
    return {char: target for char, target in sorted(table.items()) if target != char}


def combining_ranges() -> list[tuple[int, int]]:
    """First and last code point of every run that is no safe place to cut a text before normalising it."""
    unsafe = [code for code in range(0x80, 0x110000) if not 0xD800 <= code < 0xE000 and _joins(chr(code))]
    starts = [code for index, code in enumerate(unsafe) if not index or unsafe[index - 1] != code - 1]
    ends = [code for index, code in enumerate(unsafe) if index + 1 == len(unsafe) or unsafe[index + 1] != code + 1]
    return list(zip(starts, ends, strict=True))


def _joins(char: str) -> bool:
    return bool(unicodedata.combining(char)) or not _is_single(char) or char in _seconds()


@cache
def _seconds() -> frozenset[str]:
    """Characters that NFC may melt into the one before them: the last of a canonical decomposition, and Hangul vowels and tails."""
    parts = (unicodedata.decomposition(chr(code)) for code in range(0x80, 0x110000))
    pairs = (part.split() for part in parts if part and part[0] != "<")
    return frozenset([chr(int(pair[1], 16)) for pair in pairs if len(pair) == 2] + [chr(code) for code in range(0x1161, 0x11C3)])


def phrase_pairs() -> list[tuple[str, str]]:
    """(folded spelling by t2s, folded spelling by the character table) where the two differ; the shortest that explain the rest."""
    pairs = [(pair[: len(pair) // 2], pair[len(pair) // 2 :]) for pair in _SPELLINGS.split()]
    back = [(simplified, traditional) for traditional, simplified in _dictionary("TSPhrases")]
    for simplified, traditional in [*back, *_dictionary("STPhrases")]:
        one, other = _folded(simplified), _folded(traditional)
        # 坏 as 坯 is all but unknown, and would join 打坯 with 打壞.
        if one != other and len(one) == len(other) and len(one) > 1 and "坏" not in other:
            pairs.append((one, other))
    return _shortest(pairs)


def regional_pairs() -> list[tuple[str, str, bool]]:
    """(folded word, folded word of another region, whether it is joined only inside a longer term)."""
    ways = [pair for name in ("TWPhrases", "TWPhrasesRev", "HKPhrases", "HKPhrasesRev") for pair in _dictionary(name)]
    pairs = [tuple(sorted(map(_folded, pair))) for pair in ways]
    part_only = frozenset(_PART_ONLY.split())
    kept = _shortest([(one, other) for one, other in pairs if one != other and (len(one) > 1) == (len(other) > 1)])
    return [(one, other, not part_only.isdisjoint((one, other))) for one, other in kept]


def _folded(word: str) -> str:
    return "".join(_table().get(char, char) for char in word)


@cache
def _table() -> dict[str, str]:
    return character_table()


def _shortest(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    ordered = sorted(dict.fromkeys(pairs), key=lambda pair: (len(pair[0]), pair))
    return [pair for index, pair in enumerate(ordered) if not any(_explains(short, pair) for short in ordered[:index])]


def _explains(short: tuple[str, str], pair: tuple[str, str]) -> bool:
    return short[0] in pair[0] and pair[0].replace(short[0], short[1]) == pair[1]


def _settled(char: str, simple: dict[str, str]) -> str:
    for _ in range(6):
        normal = unicodedata.normalize("NFC", char)
        lower = normal.lower() if len(normal.lower()) == 1 else {"İ": "i"}.get(normal, normal)
        following = simple.get(lower, lower)
        if following == char:
            break
        char = following
    return char


def _is_single(char: str) -> bool:
    return len(unicodedata.normalize("NFC", char)) == 1


def _is_han(char: str) -> bool:
    return "CJK" in unicodedata.name(char, "")


def _radicals() -> dict[str, str]:
    """Radicals as characters: text that comes out of a PDF has ⽇ for 日."""
    found = ((chr(code), unicodedata.decomposition(chr(code)).split()) for code in range(0x2E80, 0x2FE0))
    return {char: chr(int(parts[1], 16)) for char, parts in found if parts[:1] == ["<compat>"]}


def _wide(letters: list[str]) -> dict[str, str]:
    marked = ("<wide>", "<narrow>")
    found = {char: unicodedata.decomposition(char).split() for char in letters}
    return {char: chr(int(parts[1], 16)) for char, parts in found.items() if len(parts) == 2 and parts[0] in marked}


def _converted(config: str, letters: list[str]) -> dict[str, str]:
    convert = opencc.OpenCC(config).convert
    results = {char: convert(char) for char in letters}
    return {char: result for char, result in results.items() if len(result) == 1 and result != char}


def _japanese(letters: list[str]) -> dict[str, str]:
    """Shinjitai that no Chinese character set knows (黒, 沢), so that they cannot be taken for a Chinese character."""
    return _converted("jp2t", [char for char in letters if "一" <= char <= "鿿" and _is_foreign(char)])


def _is_foreign(char: str) -> bool:
    return not any(char.encode(codec, "ignore") for codec in ("gb2312", "big5"))


def _dictionary(name: str) -> list[tuple[str, str]]:
    home = Path(str(opencc.__file__)).parent / "clib"
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "words.txt"
        source = home / "share" / "opencc" / f"{name}.ocd2"
        command = [str(home / "bin" / "opencc_dict"), "-i", str(source), "-o", str(target), "-f", "ocd2", "-t", "text"]
        subprocess.run(command, check=True)  # noqa: S603  our own arguments, run by a developer only
        rows = [line.split("\t") for line in target.read_text(encoding="utf-8").splitlines()]
    return [(key, values.split(" ")[0]) for key, values in rows]


def main() -> None:
    """Write the tables."""
    CHARACTERS.write_text("".join(f"{char}{target}\n" for char, target in character_table().items()), encoding="utf-8")
    COMBINING.write_text("".join(f"{first:04X} {last:04X}\n" for first, last in combining_ranges()), encoding="ascii")
    PHRASES.write_text("".join(f"{one} {other}\n" for one, other in phrase_pairs()), encoding="utf-8")
    REGIONAL.write_text("".join(map(regional_line, regional_pairs())), encoding="utf-8")


def regional_line(pair: tuple[str, str, bool]) -> str:
    """A pair as regional.txt has it."""
    one, other, part = pair
    return f"{one}\t{other}{chr(9) + 'part' if part else ''}\n"


if __name__ == "__main__":
    main()
