"""Extractors that the lock lacks, in a process and a virtual environment of their own: frames in, CPU seconds and text out."""

import json
import struct
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.recorded import Sample
from pipelines.extract.decode import decode

NAMES = ("newspaper4k", "news-please")
_PACKAGES = ("newspaper4k[zh,ja]", "news-please")
_LENGTH = struct.Struct(">I")
_SERVER = """
import json, logging, struct, sys, time, warnings
warnings.simplefilter("ignore"); logging.disable(logging.CRITICAL)
import newspaper
from newsplease import NewsPlease
out = sys.stdout.buffer; sys.stdout = sys.stderr
def newspaper4k(body, url):
    article = newspaper.Article(url or "https://example.org/", language="zh", fetch_images=False)
    article.download(input_html=body); article.parse()
    return article.text
def news_please(body, url):
    return NewsPlease.from_html(body, url=url or None, fetch_images=False).maintext
readers = {"newspaper4k": newspaper4k, "news-please": news_please}
length = struct.Struct(">I")
while prefix := sys.stdin.buffer.read(4):
    head = json.loads(sys.stdin.buffer.read(length.unpack(prefix)[0]))
    body = sys.stdin.buffer.read(head["size"]).decode()
    began = time.process_time()
    try: text = readers[head["reader"]](body, head["url"]) or ""
    except Exception: text = ""
    answer = json.dumps({"seconds": time.process_time() - began, "text": text}).encode()
    out.write(length.pack(len(answer)) + answer); out.flush()
"""


@contextmanager
def serving(folder: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A process with the peers, out of the virtual environment in `folder`, which is made when it is not there."""
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"making {folder} with {', '.join(NAMES)}", file=sys.stderr)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--upgrade", "pip"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *_PACKAGES], check=True)
    with subprocess.Popen([python, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def asking(process: "subprocess.Popen[bytes]", name: str) -> Callable[[Sample], tuple[float, str]]:
    """A reader that asks the process. It gets the page decoded, since bytes in a Chinese charset are beyond it."""

    def ask(sample: Sample) -> tuple[float, str]:
        assert process.stdin is not None
        assert process.stdout is not None
        body = decode(sample.body).text.encode("utf-8", "replace")
        head = json.dumps({"reader": name, "url": sample.url, "size": len(body)}).encode()
        process.stdin.write(_LENGTH.pack(len(head)) + head + body)
        process.stdin.flush()
        answer = json.loads(process.stdout.read(_LENGTH.unpack(process.stdout.read(_LENGTH.size))[0]))
        return answer["seconds"], answer["text"]

    return ask
