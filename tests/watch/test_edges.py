"""Where a term begins and ends: Latin and Han edges, white space and line breaks, invisible characters, variants, exclusions."""

import pytest

from tests.watch.test_card import hits


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        # a Latin or digit edge: guarded by ASCII only, whatever script or mark stands there otherwise
        ("AI", "AI公司、公司AI、(AI)", ["AI@0", "AI@7", "AI@11"]),
        ("AI", "said ChatAI AIs xai 2AI AI2", None),
        ("AI", "AI-driven AI's AI_x", ["AI@0", "AI@10", "AI@15"]),
        ("AI", "A.I. A I", None),
        ("ＡＩ", "的ai的", ["ai@1"]),
        ("AI", "AI２、２AI、ｘAI", None),
        ("AI", "x\u200bAI AI\u200bx", None),
        ("AI", "a\u200bi", ["a\u200bi@0"]),
        ("AI", "人ａ\u00adｉ人", ["ａ\u00adｉ@1"]),
        ("5G", "用5G網、5GHz、15G", ["5G@1"]),
        ("F-16", "F－16戰機 F‑16 AF-16 F-160 F16", ["F－16@0", "F‑16@7"]),
        ("C++", "用C++寫C", ["C++@1"]),
        (".NET", ".NET框架", [".NET@0"]),
        ("=AI", "中國AI公司、XAI、ＡＩ", ["AI@2"]),
        ('"iPhone 15"', "iPhone 15 Pro, iPhone 150", ["iPhone 15@0"]),
        ("missil*", "導彈missiles、antimissile", ["missiles@2"]),
        # a Han edge: free
        ("中國", "在中國AI在中国的", ["中國@1", "中国@6"]),
        # a Han term over line ends and wide spaces, with the original's offsets; a blank line ends everything
        ("北韓", "前北\r\n韓 北\u3000韓 北\t\n 韓 北\u2028韓", ["北\r\n韓@1", "北\u3000韓@6", "北\t\n 韓@10", "北\u2028韓@16"]),
        ("北韓", "北\n\n韓 北\r\n\r\n韓 北\n \n韓 北\u2029\u2029韓", None),
        ("北韓", "北-韓 北·韓 北,韓 北<br>韓", None),
        ("北韓", "北\ufeff韓 北\u2060韓 北\u202e韓", ["北\ufeff韓@0", "北\u2060韓@4", "北\u202e韓@8"]),
        ("北韓領導人", "北韓\n領導\n人", ["北韓\n領導\n人@0"]),
        ("AI公司", "AI\n公司", ["AI\n公司@0"]),
        ("AI公司", "AI\n\n公司、AI公 司", ["AI公 司@7"]),
        (
            '"New York"',
            "New\nYork New\u00a0York New  York New\u3000York",
            ["New\nYork@0", "New\u00a0York@9", "New  York@18", "New\u3000York@28"],
        ),
        ('"New York"', "New-York NewYork New\n\nYork", None),
        # variants, in both directions and inside longer terms
        ("臺北", "台北臺北", ["台北@0", "臺北@2"]),
        ("台北", "臺北", ["臺北@0"]),
        ("這裡", "這裏这里這里", ["這裏@0", "这里@2", "這里@4"]),
        ("着名", "著名", ["著名@0"]),
        ("顯著", "显着顯著", ["显着@0", "顯著@2"]),
        ("群眾", "羣衆群众", ["羣衆@0", "群众@2"]),
        ("其餘", "其余其馀", ["其余@0", "其馀@2"]),
        ("日本人民", "⽇本⼈⺠", ["⽇本⼈⺠@0"]),
        ("=臺", "台臺", ["臺@1"]),
        # EXCEPT: the exclusion is folded like the term, and lies where the term does
        ("中共 EXCEPT (其中共)", "其\n中共 其\u200b中共 其　中共", None),
        ("中共 EXCEPT (其中共)", "其，中共、其\n\n中共", ["中共@2", "中共@8"]),
        ("人民 EXCEPT (人民幣)", "人民币和人民", ["人民@4"]),
        ("人民 EXCEPT (商人民宿, 人民幣)", "商人民宿收人民幣", None),
        ("中共 EXCEPT (其中共有)", "其中共有中共", ["中共@4"]),
        ('AI EXCEPT ("Ai Weiwei")', "AI\u00a0WEIWEI、Ai Weiweis、AI", ["Ai@10", "AI@21"]),
        ("US EXCEPT (=us)", "us US", ["US@3"]),
        ("(人民 OR 民宿) EXCEPT (商人民宿)", "商人民宿與民宿", ["民宿@5"]),
        ("(中共 EXCEPT (其中共))*2", "其中共有中共", None),
        ("(中共 EXCEPT (其中共))*2", "中共其中共有中共", ["中共@0", "中共@6"]),
        ("中共 EXCEPT (其中共) NEAR/3 黨員", "其中共黨員", None),
        # NEAR counts folded characters: a line break between Han characters is none
        ("朝鮮 NEAR/0 俄國", "朝鮮\n俄國", ["朝鮮@0", "俄國@3"]),
        ("朝鮮 NEAR/0 俄國", "朝鮮\n\n俄國", None),
        ("朝鮮 NEAR/1 俄國", "朝鮮\u200b，俄國", ["朝鮮@0", "俄國@4"]),
        # full-width and lower-case operators
        ("（朝鮮 or 俄國）　not　足球", "俄國", ["俄國@0"]),
        ("2　OF　（朝鮮，俄國，美國）", "美國和朝鮮", ["美國@0", "朝鮮@3"]),
        ("中共 except （其中共，集中共）", "集中共識", None),
        ("“export control”", "EXPORT  CONTROLS, export\ncontrol", ["export\ncontrol@18"]),
        ("title：朝鮮", "朝鮮", None),
    ],
)
def test_edges(query: str, text: str, found: list[str] | None) -> None:
    assert hits(query, text, taken=()) == found


@pytest.mark.parametrize(
    ("query", "text", "found"),
    [
        ("马里", "索\n馬里 索\u200b马里", None),
        ("马里", "索\n\n馬里", ["馬里@3"]),
        ("北韓 EXCEPT (朝鲜半岛)", "朝鮮半島、朝鲜", ["朝鲜@5"]),
        ("北韓 EXCEPT (朝鮮族)", "North\nKorea與朝鲜族", ["North\nKorea@0"]),
    ],
)
def test_edges_of_aliases(query: str, text: str, found: list[str] | None) -> None:
    assert hits(query, text) == found


def test_each_comment_is_a_text_of_its_own() -> None:
    assert hits("comments:中共", comments=("其中", "共有")) is None
    assert hits("comments:(中共 EXCEPT (其中共))", comments=("其中共有", "说中\n共")) == ["中\n共@1"]
    assert hits("北韓", title="北", text="韓") is None
