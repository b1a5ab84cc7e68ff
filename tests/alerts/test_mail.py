"""The mail as composed: safe headers, readable bodies, nothing of the page's tricks."""

import email
import email.policy
import os
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html  # type: ignore[import-untyped, unused-ignore]

from pipelines.alerts.excerpt import ELLIPSIS
from pipelines.alerts.mail import SUBJECT_CAP, Sender, compose
from pipelines.errors import ConfigError
from pipelines.models import Hit, Message
from tests.alerts.messages import DEVELOPMENT, HOSTILE, HOSTILE_TITLE, NEW, REVISION, TEXT, TITLE, VANISHED

GOLDEN = Path(__file__).parent / "golden"
SENDER = Sender(address="alerts@watch.example.org", name="港口監看")
TAIPEI = ZoneInfo("Asia/Taipei")
NOW = datetime(2024, 6, 18, 15, 0, tzinfo=UTC)
LIMIT = 100_000
KEPT = ("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "List-Unsubscribe", "X-Entity-Ref-ID", "Auto-Submitted")


def composed(message: Message, sender: Sender = SENDER) -> EmailMessage:
    """The mail as a receiver's parser reads it from the wire."""
    sent = compose(message, sender, TAIPEI, NOW).as_bytes()
    assert all(len(line) <= 998 for line in sent.split(b"\r\n"))
    read = email.message_from_bytes(sent, policy=email.policy.default)
    assert not read.defects
    assert isinstance(read, EmailMessage)
    return read


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def page(mail: EmailMessage) -> html.HtmlElement:
    return html.document_fromstring(part(mail, "html"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("new", NEW), ("development", DEVELOPMENT), ("revision", REVISION), ("vanished", VANISHED), ("hostile", HOSTILE)],
)
def test_the_mail_reads_as_recorded(name: str, message: Message) -> None:
    mail = composed(message)
    text = (
        "".join(f"{key}: {mail[key]}\n" for key in KEPT if mail[key]) + "\n" + part(mail, "plain") + "\n=== HTML ===\n" + part(mail, "html")
    )
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("RECORD_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_both_bodies_carry_what_a_reader_needs() -> None:
    mail = composed(NEW)
    assert [piece.get_content_type() for piece in mail.iter_parts()] == ["text/plain", "text/html"]
    for body in (part(mail, "plain"), page(mail).text_content()):
        for told in (
            TITLE,
            "俄朝往來",
            "鐵路 & 港口",
            "北韓（原文：朝鮮、朝鲜）",
            "港口郵報",
            "遠東通訊",
            "記者 林小雁",
            "2024-06-18 22:30 (Asia/Taipei)",
            "© 2024 遠東通訊",
        ):
            assert told in body
    assert NEW.url in part(mail, "plain")
    links = page(mail).xpath("//a/@href")
    assert links.count(NEW.url) == 2
    assert page(mail).xpath("//h1/a")[0].text_content() == TITLE


def test_the_terms_are_highlighted_in_title_and_excerpt_with_a_style_of_their_own() -> None:
    marks = page(composed(NEW)).xpath("//span[@class='hit']")
    assert {mark.text for mark in marks} >= {"普京", "朝鮮", "俄羅斯"}
    assert all("background-color" in mark.get("style") and ";color:" in mark.get("style") for mark in marks)
    assert page(composed(NEW)).xpath("//h1//span/text()") == ["普京"]


@pytest.mark.parametrize("text", [TEXT, "普京今早到了朝鮮。", "Putin arrived. Kim waited.", "一句話"])
def test_the_full_text_is_never_in_the_mail(text: str) -> None:
    mail = composed(replace(NEW, text=text))
    flat = " ".join(text.split())
    assert flat not in " ".join(part(mail, "plain").split())
    assert flat not in " ".join(page(mail).text_content().split())


def test_nothing_of_a_readers_comment_is_in_the_mail() -> None:
    hit = Hit(term="/飯店.*/", as_written="飯店裡誰付的錢", start=0, end=7, field="comments[3]")
    mail = composed(replace(NEW, hits=(hit,)))
    assert "/飯店.*/" in part(mail, "plain")
    assert "誰付的錢" not in part(mail, "plain") + part(mail, "html")


@pytest.mark.parametrize(("language", "word"), [("zh-Hant", "更新"), ("zh-Hans", "更新"), ("en", "Updated")])
def test_a_revision_says_so_in_subject_and_both_bodies(language: str, word: str) -> None:
    sender = replace(SENDER, language=language)  # type: ignore[arg-type]
    changed, fresh = composed(replace(REVISION, late=False), sender), composed(NEW, sender)
    assert str(changed["Subject"]).startswith(word)
    assert word in part(changed, "plain")
    assert word in page(changed).text_content()
    assert word not in f"{fresh['Subject']}{part(fresh, 'plain')}{page(fresh).text_content()}"


@pytest.mark.parametrize(("language", "word"), [("zh-Hant", "詳報"), ("zh-Hans", "详报"), ("en", "Full report")])
def test_a_full_report_says_so_and_stands_in_the_thread_of_its_flash(language: str, word: str) -> None:
    sender = replace(SENDER, language=language)  # type: ignore[arg-type]
    later, first = composed(DEVELOPMENT, sender), composed(NEW, sender)
    assert str(later["Subject"]).startswith(f"{word}｜")
    assert word in part(later, "plain")
    assert word in page(later).text_content()
    assert later["References"] == later["In-Reply-To"] == first["Message-ID"]
    assert (later["X-Portalwatch-Kind"], first["X-Portalwatch-Kind"]) == ("development", "new")


def test_a_late_mail_says_so_and_when_the_article_was_first_seen() -> None:
    assert "遲到" in part(composed(REVISION), "plain")
    assert "2024-06-18 22:33" in page(composed(REVISION)).text_content()
    assert "遲到" not in part(composed(NEW), "plain")


@pytest.mark.parametrize("language", ["zh-Hant", "zh-Hans", "en"])
def test_every_label_exists_in_every_language(language: str) -> None:
    sender = replace(SENDER, language=language)  # type: ignore[arg-type]
    for kind in ("new", "development", "revision", "test"):
        assert TITLE in part(composed(replace(NEW, kind=kind, late=True), sender), "plain")


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (date(2024, 6, 18), "發布：2024-06-18\n"),
        (datetime(2024, 6, 18, 16, 0, tzinfo=UTC), "發布：2024-06-19 00:00 (Asia/Taipei)\n"),
        (datetime(2024, 6, 18, 15, 59, tzinfo=UTC), "發布：2024-06-18 23:59 (Asia/Taipei)\n"),
        (datetime.max.replace(tzinfo=UTC), "發布：9999-12-31 23:59+00:00\n"),
    ],
)
def test_times_are_the_readers_and_a_day_stays_a_day(moment: datetime | date, shown: str) -> None:
    assert shown in part(composed(replace(NEW, published_at=moment)), "plain")


def test_what_is_unknown_has_no_empty_line() -> None:
    bare = part(composed(replace(NEW, published_at=None, author=None, rights=None, publisher=(), hits=())), "plain")
    assert not re.search(r"：\s*$", bare, re.MULTILINE)
    assert "作者" not in bare


def test_the_message_id_stays_over_attempts_and_the_thread_leads_back() -> None:
    first, again = compose(NEW, SENDER, now=NOW), compose(NEW, SENDER, now=datetime(2025, 1, 1, tzinfo=UTC))
    assert first["Message-ID"] == again["Message-ID"] == "<m-0001@watch.example.org>"
    changed = composed(REVISION)
    assert changed["In-Reply-To"] == changed["References"] == first["Message-ID"]
    assert changed["Message-ID"] == "<m-0002@watch.example.org>"
    assert "References" not in composed(NEW)


def test_an_id_that_a_header_cannot_carry_becomes_a_digest_that_stays() -> None:
    pattern = r"<[0-9a-f]{32}@watch\.example\.org>"
    for odd in ("a b", "題目:41:1", "x" * 41, "", "a..b", "\ud800", ".a"):
        found = [str(composed(replace(NEW, id=odd))["Message-ID"]) for _ in range(2)]
        assert re.fullmatch(pattern, found[0])
        assert found[0] == found[1]


def test_headers_for_machines_are_set() -> None:
    mail = composed(NEW, replace(SENDER, unsubscribe="leave@example.org"))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Entity-Ref-ID"] == "m-0001"
    assert mail["List-Unsubscribe"] == "<mailto:leave@example.org?subject=unsubscribe>"
    assert mail["Date"].datetime == NOW
    assert mail["From"].addresses[0].display_name == "港口監看"


def test_headers_stay_whole_with_the_longest_ids_and_a_long_domain() -> None:
    domain = "a-rather-long-department-name.of-an-organisation.example.org"
    raw = compose(replace(REVISION, id="x" * 40, thread="y" * 40), replace(SENDER, address=f"alerts@{domain}"), now=NOW).as_bytes()
    headers = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
    assert f"<{'x' * 40}@{domain}>".encode() in headers
    assert headers.count(f"<{'y' * 40}@{domain}>".encode()) == 2
    assert f"<mailto:alerts@{domain}?subject=unsubscribe>".encode() in headers


def test_a_hostile_article_injects_no_header_and_no_markup() -> None:
    mail = composed(HOSTILE)
    assert not {"Bcc", "X-Evil", "X"} & set(mail.keys())
    assert len(mail["To"].addresses) == 1
    tree = page(mail)
    assert not tree.xpath("//script | //img | //b | //i | //iframe | //*[@onload or @onerror]")
    assert len(tree.xpath("//h1")) == 1
    assert not tree.xpath("//a[not(starts-with(@href, 'http') or starts-with(@href, 'mailto:'))]")
    assert '<script>alert("1")</script>' in tree.xpath("//h1")[0].text_content()
    assert "{{ 7*7 }} &amp;" in tree.xpath("//h1")[0].text_content()
    for text in (str(mail["Subject"]), part(mail, "plain"), part(mail, "html")):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


@pytest.mark.parametrize("highlights", [range(0, 10_000, 2), range(0, 10_000, 3), range(0)])
def test_the_mail_stays_under_a_hundred_kilobytes(highlights: range) -> None:
    hits = tuple(
        Hit(term=f"詞{at}", as_written="𠮷" * 500, start=at, end=at + 1, field=field) for at in highlights for field in ("title", "text")
    )
    worst = replace(HOSTILE, title="<&" * 5000, text="𠮷&" * 20_000, hits=hits, url="https://a.example/" + "x&" * 1000)
    assert len(compose(worst, SENDER, TAIPEI).as_bytes()) < LIMIT
    assert len(compose(HOSTILE, SENDER, TAIPEI).as_bytes()) < LIMIT


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://a.example/x", "https://a.example/\r\nX: y", "data:text/html,<script>"])
def test_only_web_addresses_become_links(url: str) -> None:
    mail = composed(replace(NEW, url=url))
    assert page(mail).xpath("//a/@href") == ["mailto:alerts@watch.example.org?subject=unsubscribe"]
    assert url not in part(mail, "plain")


def test_a_long_subject_is_cut_and_a_short_one_is_not() -> None:
    assert str(composed(NEW)["Subject"]) == f"俄朝往來、鐵路 & 港口｜{TITLE}"
    long = str(composed(replace(NEW, title="港口" * 5000))["Subject"])
    assert len(long) == SUBJECT_CAP
    assert long.endswith(ELLIPSIS)
    assert "alert" in str(composed(replace(NEW, title=HOSTILE_TITLE))["Subject"])


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=200), st.sampled_from(["普京", "港口 A", ""]))
def test_any_title_survives_the_encoding_of_the_subject(title: str, topic: str) -> None:
    message = replace(NEW, title=title, topics=(("t", topic),), hits=())
    mail = compose(message, SENDER, now=NOW)
    raw = mail.as_bytes().partition(b"\r\n\r\n")[0].decode("ascii")
    line = re.search(r"^Subject:((?:.*\r\n )*.*)", raw, re.MULTILINE)
    assert line
    assert all(len(word) <= 75 for word in re.findall(r"=\?\S+\?=", line[1]))
    assert str(make_header(decode_header(line[1].replace("\r\n", "").strip()))).split() == str(mail["Subject"]).split()


@pytest.mark.parametrize("address", ["", "desk", "a@b\r\nBcc: c@d", "a@b, c@d", "<a@b>", "a b@c", "a@b@c", "a@" + "x" * 70 + ".org"])
def test_what_is_no_address_is_refused_in_words(address: str) -> None:
    with pytest.raises(ConfigError, match="is no mail address") as refusal:
        compose(replace(NEW, recipient=address), SENDER)
    assert "\n" not in str(refusal.value)
    with pytest.raises(ConfigError):
        compose(NEW, replace(SENDER, address=address))


def test_an_international_domain_is_written_in_ascii() -> None:
    mail = compose(replace(NEW, recipient="desk@例子.example"), SENDER, now=NOW)
    assert mail["To"] == "desk@xn--fsqu00a.example"
