"""What Go's protobuf says of the same messages, through the Go driver: it parses with Go's protobuf before anything else."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from participants import TDC, FailedError, Runner, SkippedError
from walk import CONFIG, DELIBERATE, verdict

if TYPE_CHECKING:
    from pathlib import Path

    from library import DataConverter

#: One start of the driver for each message, so a sample.
SAMPLE = 120


def run(converter: DataConverter, root: Path, work: Path, messages: list[bytes]) -> list[str]:
    """Compares; returns the differences."""
    config = work / "walk.yaml"
    config.write_text(CONFIG, encoding="ascii")
    chosen = random.Random(7).sample(messages, SAMPLE) + [difference.example for difference in DELIBERATE]  # noqa: S311 - the same every time
    go = next(who for who in TDC if who.driver == "go")

    def judge(number: int) -> bool:
        folder = work / f"walk-{number}"
        folder.mkdir()
        try:
            Runner(root, folder).call(go, "decode", config, chosen[number])
        except FailedError as failure:
            # Go's parser speaks first: an error of the library means that Go took the message.
            return "TDC_ERR" in str(failure)
        return True

    try:
        judge(len(chosen) - 1)
    except SkippedError as reason:
        print(f"wire walk: Go's protobuf: skipped, because {reason}")
        return []
    with ThreadPoolExecutor(2) as pool:
        verdicts = list(pool.map(judge, range(len(chosen) - 1)))
    problems = []
    for message, accepted in zip(chosen, verdicts, strict=False):
        if accepted != verdict(converter, message):
            says, answers = ("accepted" if accepted else "malformed"), ("malformed" if accepted else "accepted")
            problems.append(f"wire walk: {message.hex()}: Go's protobuf says {says}, tdc {answers}")
    print(f"wire walk: {len(verdicts)} messages against Go's protobuf: {sum(verdicts)} accepted, {len(problems)} differ")
    return problems
