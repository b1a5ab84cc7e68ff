"""Text that a wrong charset destroyed before it reached us, or that was read as what it is not."""

import re

from pipelines.extract.decode import FREQUENT

_SAMPLE = 4000  # characters
_BROKEN = re.compile("[\ufffd\ue000-\uf8ff\x80-\x9f]|\\?{3,}|锟斤拷")
_TWICE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u02dc\u2013-\u2122\u20ac]")
_HAN = re.compile("[\u3400-\u9fff]")
_ENOUGH = 200  # Han characters from which on frequent ones must be among them
_MOST, _LEAST = 0.02, 0.03


def is_garbled(text: str) -> bool:
    """Whether more than one in fifty places is broken, or hardly one Han character is a frequent one (Chinese has over 30 %)."""
    sample = text[:_SAMPLE]
    broken = len(_BROKEN.findall(sample)) + len(_TWICE.findall(sample))
    han = _HAN.findall(sample)
    return broken > _MOST * len(sample) or (len(han) >= _ENOUGH and sum(each in FREQUENT for each in han) < _LEAST * len(han))
