"""Split German and English posts into sentences and clauses by rule, with exact spans.

Rules instead of a parser: posts are short and badly punctuated, a parser is larger than our whole model, and the
encoder reads the full post anyway, so a clause only has to point at the right words. A boundary is a line break, the
end of a sentence, a run of emoji, a comma or dash with something sentence-like on both sides, or a contrasting
conjunction (aber, doch, but, although ...) with at least three words on both sides.
"""

import re

from models.reading import Clause

_EMOJI = "\u2600-\u27bf\u2b00-\u2bff\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\ufe0f\u200d\U0001f3fb-\U0001f3ff"
_LINE = re.compile(r"[\r\n\u2028\u2029]+")
_STOP = re.compile(rf"(?:[.!?…]+[\"'”“«»)\]]*|[{_EMOJI}]+(?:\s*[{_EMOJI}]+)*)(?=\s|$)|(?:[!?…]+|\.{{2,}})(?=[^\W\d_])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|\d{1,3}|z\.\s?B|d\.\s?h|u\.\s?a|o\.\s?ä|i\.\s?d\.\s?R|e\.g|i\.e|u\.s|bzw|bspw|ca|evtl|ggf|inkl|"
    r"exkl|max|min|mind|nr|tel|str|vgl|zzgl|usw|etc|sog|dr|prof|hr|fr|st|mr|mrs|ms|vs|no|approx|inc|ltd|jan|feb|mär|apr|"
    r"jun|jul|aug|sept?|okt|oct|nov|dez|dec)\.$",
    re.IGNORECASE,
)
_JOINT = re.compile(r"\s*[,;]\s+|\s+[-–—]+\s+|:\s+(?=\S)|\s+\|\s+")
_CONTRAST = re.compile(
    r"\s(?=(?:aber|jedoch|sondern|obwohl|trotzdem|allerdings|dennoch|hingegen|während|but|although|though|however|"
    r"whereas|except|yet|unfortunately|leider)\s)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+(?:['’\-]\w+)*")


def _word_count(text: str, start: int, end: int) -> int:
    return sum(1 for _ in _WORD.finditer(text, start, end))


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _cut(text: str, start: int, end: int, cuts: list[int]) -> list[tuple[int, int]]:
    """Cut a span, trim it, and hang pieces without a word on to the piece before them (the first: after)."""
    pieces: list[tuple[int, int]] = []
    waiting: int | None = None
    for span in zip([start, *cuts], [*cuts, end], strict=True):
        left, right = _stripped(text, *span)
        if left == right:
            continue
        if _WORD.search(text, left, right) is None:
            if pieces:
                pieces[-1] = (pieces[-1][0], right)
            elif waiting is None:
                waiting = left
            continue
        pieces.append((left if waiting is None else waiting, right))
        waiting = None
    if waiting is not None:
        pieces.append(_stripped(text, waiting, end))
    return pieces


def sentences(text: str) -> list[Clause]:
    """Sentences and lines of a text, in order, without the white space around them."""
    cuts = {match.end() for match in _LINE.finditer(text)}
    for match in _STOP.finditer(text):
        if match.group() == "." and _ABBREVIATION.search(text, max(0, match.start() - 12), match.end()):
            continue
        cuts.add(match.end())
    return [Clause(*span) for span in _cut(text, 0, len(text), sorted(cuts - {len(text)}))]


def _sentence_clauses(text: str, sentence: Clause) -> list[tuple[int, int]]:
    cuts: list[int] = []
    last = sentence.start
    joints = [(match.end(), 2) for match in _JOINT.finditer(text, sentence.start, sentence.end)]
    contrasts = [(match.end(), 3) for match in _CONTRAST.finditer(text, sentence.start, sentence.end)]
    for at, least in sorted(joints + contrasts):
        if at > last and _word_count(text, last, at) >= least <= _word_count(text, at, sentence.end):
            cuts.append(at)
            last = at
    return _cut(text, sentence.start, sentence.end, cuts)


def split_clauses(text: str) -> list[Clause]:
    """Clauses of a text: spans in order, inside the text, not overlapping, that cover every word.

    An empty list for a text of white space only; a text without words is one clause.
    """
    return [Clause(*span) for sentence in sentences(text) for span in _sentence_clauses(text, sentence)]
