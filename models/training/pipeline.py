"""From the base model and the labelled sets to a weights folder, every step kept so that a killed run goes on."""

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from models import metrics
from models.card import CARD_FILE
from models.clauses import split_clauses
from models.reader import load_reader
from models.reading import SENTIMENTS
from models.training import aspect_checks, data, items, teacher
from models.training.data import Example
from models.training.embedding import refit_embedding, remove_language
from models.training.finish import write_weights
from models.training.fit import Plan, Pool, fit, predict
from models.training.network import Student, from_base
from models.training.vocabulary import trim_vocabulary

logger = logging.getLogger(__name__)
VOCABULARY_SIZE = 30_000
MAX_TOKENS_AT_ONCE = 192
_HELD_BACK_ONE_IN = 12
_REVIEWS = ("laptops_train", "restaurants_train", "mams_train")
_SEMEVAL_PER_PASS = 9000
_ROMANCE_PER_PASS = 3000
_POSTS_PER_LANGUAGE = 3000


@dataclass(frozen=True)
class Sets:
    """The labelled texts of a run: train, and what is kept back from it or only judged on."""

    train: list[Example]
    held_back: list[Example]
    val: list[Example]
    intents: list[Example]
    intents_check: list[Example]
    in_context: list[str]


def load_sets(folder: Path) -> Sets:
    """Read everything; one in twelve posts of SB10k is held back, because its val set has 13 negatives only."""
    examples = data.sentiment(folder, "train")

    def is_held(example: Example) -> bool:
        digest = int(hashlib.md5(example.text.encode(), usedforsecurity=False).hexdigest(), 16)
        return example.source == "sb10k" and digest % _HELD_BACK_ONE_IN == 0

    train = [example for example in examples if not is_held(example)]
    german = [example.text for example in train if example.language == "de"]
    german += [
        example.text for example in data.labelled(folder, "offensive", "germeval2018_train", ("OTHER", "OFFENSE"))
    ]
    reviews = [
        data.clean(row["text"], name)
        for name in _REVIEWS
        for row in data.rows(folder / "aspects" / f"{name}.jsonl.gz")
        if row["text"]
    ]
    return Sets(
        train=train,
        held_back=[example for example in examples if is_held(example)],
        val=data.sentiment(folder, "val"),
        intents=data.intents(data.INTENT_FOLDER),
        intents_check=data.intents(data.INTENT_CHECK_FOLDER),
        in_context=german + reviews,
    )


def vocabulary(base: Path, sets: Sets, folder: Path, work: Path) -> tuple[dict[str, Any], list[int]]:
    """The trimmed tokenizer and the kept token ids, computed once."""
    path = work / "vocabulary.json"
    if not path.exists():
        texts = [example.text for example in sets.train for _ in range(3 if example.language == "de" else 1)]
        texts += sets.in_context + [example.text for example in sets.intents] * 3 + list(data.unlabelled(folder))
        tokenizer, kept = trim_vocabulary(base / "tokenizer.json", texts, VOCABULARY_SIZE)
        path.write_text(json.dumps({"tokenizer": tokenizer, "kept": kept}, ensure_ascii=False), encoding="utf-8")
    content = json.loads(path.read_text(encoding="utf-8"))
    return content["tokenizer"], content["kept"]


def _distilled_texts(sets: Sets) -> list[str]:
    def clauses(texts: Iterable[str]) -> list[str]:
        split = [(text, split_clauses(text)) for text in texts]
        return [text[one.start : one.end] for text, parts in split if len(parts) > 1 for one in parts]

    texts = [example.text for example in [*sets.train, *sets.intents]] + sets.in_context + clauses(sets.in_context)
    return [text for text in dict.fromkeys(texts) if text.strip()]


def teacher_embeddings(base: Path, sets: Sets, work: Path) -> tuple[dict[str, int], np.ndarray]:
    """Row numbers by text, and the centred unit embeddings of the 12-layer model."""
    texts = _distilled_texts(sets)
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
    embeddings = teacher.embed(str(base), texts, work / f"teacher-{digest}").astype(np.float32)
    embeddings -= embeddings.mean(0)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    return {text: row for row, text in enumerate(texts)}, embeddings


def pools(folder: Path, sets: Sets, rows: dict[str, int]) -> tuple[list[Pool], np.ndarray]:
    """What a pass is made of, and the log prior of every group of sentiment labels (reviews are the last)."""
    posts, prior = items.sentiment_items(sets.train, rows)

    def chosen(languages: Sequence[str], sources: Sequence[str]) -> list[items.Item]:
        return [
            item
            for item, example in zip(posts, sets.train, strict=True)
            if example.language in languages and example.source in sources
        ]

    terms = [
        item
        for name in ("restaurants_train", "laptops_train")
        for item in items.term_items(folder / "aspects" / f"{name}.jsonl.gz", len(prior))
    ]
    counts = np.bincount([item.sentiment for item in terms], minlength=len(SENTIMENTS)) + 1.0
    whole = [items.Item(text, target=rows[text]) for text in dict.fromkeys(sets.in_context) if text in rows]
    return [
        Pool(chosen(["de"], ["sb10k", "potts"])),
        Pool(chosen(["de"], ["umsab"]) * 3),
        Pool(chosen(["en"], ["umsab"])),
        Pool(chosen(["en"], ["semeval2017-4a"]), _SEMEVAL_PER_PASS),
        Pool(chosen(["fr", "es", "it", "pt"], ["umsab"]), _ROMANCE_PER_PASS),
        Pool(terms, 1500),
        Pool(items.clause_items(sets.in_context, rows), 2000),
        Pool(whole, 1500),
        Pool(items.intent_items(sets.intents, rows)),
    ], np.vstack([prior, np.log(counts / counts.sum())])


def make_judge(sets: Sets, tokenizer: Tokenizer) -> Callable[[Student], float]:
    """A figure to choose the pass by: UMSAB de and en, and at half weight SB10k held back and TweetEval."""

    def macro_f1(student: Student, examples: Sequence[Example]) -> float:
        _, logits, _ = predict(student, [example.text for example in examples], tokenizer)
        true = np.array([example.label for example in examples])
        counts = metrics.confusion(true, logits.argmax(1), len(SENTIMENTS))
        return metrics.macro(metrics.f1_scores(counts), counts)

    def judge(student: Student) -> float:
        groups: dict[str, list[Example]] = {"sb10k-held": sets.held_back}
        for example in sets.val:
            groups.setdefault(f"{example.language}-{example.source}", []).append(example)
        scores = {name: macro_f1(student, examples) for name, examples in groups.items()}
        _, _, logits = predict(student, [example.text for example in sets.intents_check], tokenizer)
        right = logits.argmax(1) == [example.label for example in sets.intents_check]
        logger.info("%s, intent accuracy %.3f", " ".join(f"{k} {v:.3f}" for k, v in scores.items()), right.mean())
        both = scores["de-umsab"] + scores["en-umsab"]
        return (both + 0.5 * scores["sb10k-held"] + 0.5 * scores["en-tweeteval"]) / 3

    return judge


def train(folder: Path, base: Path, out: Path, work: Path, layers: Sequence[int], plan: Plan) -> None:
    """Train and write a weights folder.

    Args:
        folder: the labelled sets (``../shared/data``).
        base: transformers folder of multilingual-e5-small.
        out: where the weights go.
        work: where intermediate results are kept; delete it to start over.
        layers: numbers of the e5 layers to start from.
        plan: settings of the fit.
    """
    work.mkdir(parents=True, exist_ok=True)
    sets = load_sets(folder)
    content, kept = vocabulary(base, sets, folder, work)
    tokenizer = Tokenizer.from_str(json.dumps(content))
    rows, targets = teacher_embeddings(base, sets, work)
    parts, prior = pools(folder, sets, rows)
    torch.manual_seed(plan.seed)
    student = from_base(str(base), kept, layers)
    best = fit(student, tokenizer, parts, prior, targets, plan, work / "fit", make_judge(sets, tokenizer))
    aligned = [items.Item(text, target=row) for text, row in rows.items()]
    refit_embedding(best, tokenizer, aligned + items.clause_items(sets.in_context, rows), targets)
    posts = {language: [one.text for one in sets.train if one.language == language] for language in ("de", "en")}
    remove_language(best, tokenizer, posts["de"][:_POSTS_PER_LANGUAGE], posts["en"][-_POSTS_PER_LANGUAGE:])
    finish(best, content, folder, out, sets, {"layers": list(layers), "plan": asdict(plan)})


def finish(
    student: Student, tokenizer: dict[str, Any], folder: Path, out: Path, sets: Sets, facts: dict[str, Any]
) -> None:
    """Export, calibrate, and choose the aspect matcher's threshold and margin."""
    write_weights(
        student,
        tokenizer,
        out,
        prefix="",
        max_tokens=MAX_TOKENS_AT_ONCE,
        sentiment_val=sets.val,
        offset_examples=sets.held_back + [example for example in sets.val if example.language in ("de", "en")],
        intent_check=sets.intents_check,
        aspects={"threshold": 0.5, "margin": 0.1},
        training=facts,
    )
    settings, figures = aspect_checks.choose(load_reader(out), aspect_checks.checks(folder))
    aspect_checks.save(settings, out / CARD_FILE)
    logger.info("aspects: %s %s", settings, figures)
