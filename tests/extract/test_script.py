"""Language and script by characters."""

import pytest

from pipelines.extract.script import language_of, script_of


@pytest.mark.parametrize(
    ("text", "script", "language"),
    [
        ("老城区的石桥将分三批修缮", "Hans", "zh"),
        ("新設的候船室將於下月啟用", "Hant", "zh"),
        ("随著中国、朝鲜及俄罗斯关系深化，週一宣布签署协议，双方国家领导人会晤", "Hans", "zh"),
        ("石桥修缮，石橋修繕，两种写法，兩種寫法", "mixed", "zh"),
        ("人山人海", None, "zh"),
        ("港の新しい待合室は来月から使えるようになります", None, "ja"),
        ("항만 공사는 새 대합실을 연다고 밝혔다", None, "ko"),
        ("The harbour office opened a new hall", None, "en"),
        ("", None, None),
    ],
)
def test_characters_tell_script_and_language(text: str, script: str | None, language: str | None) -> None:
    assert (script_of(text), language_of(text, "en-GB" if text.isascii() and text else None)) == (script, language)


def test_a_song_s_japanese_title_leaves_a_chinese_text_chinese() -> None:
    text = (
        "演唱会的最后一首是《なごり雪》，全场观众起立合唱，" * 1
        + "市政厅星期三宣布，老城区的石桥将分三批修缮，第一批从河口的两座开始。" * 3
    )
    assert language_of(text, None) == "zh"
