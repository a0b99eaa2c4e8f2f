"""What the SDKs themselves say: the drivers ask them (see `peers/*`).

A record is a payload whose metadata say what its data are; its answer is at the same place, and has `error` in its metadata
where there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from messages import Payload, join, split
from participants import Runner, SkippedError, run_program

if TYPE_CHECKING:
    from pathlib import Path


def record(data: bytes, **metadata: str) -> Any:
    """A record."""
    return Payload(metadata={key: value.encode() for key, value in metadata.items()}, data=data)


def error_of(answer: Any) -> str | None:
    """Why there is no answer."""
    said = answer.metadata.get("error")
    return None if said is None else bytes(said).decode(errors="replace")


def ask(runner: Runner, language: str, operation: str, records: list[Any], config: Path | None = None) -> list[Any]:
    """Asks the SDK of a language, or tdc in that language where a configuration is given."""
    source, target = runner.work / f"{language}-in.pb", runner.work / f"{language}-out.pb"
    source.write_bytes(join([item.SerializeToString() for item in records]))
    options = [] if config is None else ["--config", str(config)]
    _drive(runner, language, [*options, operation, str(source), str(target)], target)
    answers = [Payload.FromString(item) for item in split(target.read_bytes())]
    if len(answers) != len(records):
        raise RuntimeError(f"{language}: {len(records)} records in, {len(answers)} answers")
    return answers


def describe(runner: Runner, language: str) -> bytes:
    """The descriptors that the SDK of a language was built with, a FileDescriptorSet."""
    target = runner.work / f"{language}-descriptors.pb"
    _drive(runner, language, ["descriptors", str(target)], target)
    return target.read_bytes()


def _drive(runner: Runner, language: str, arguments: list[str], target: Path) -> None:
    target.unlink(missing_ok=True)
    run_program([str(runner.root / "scripts" / f"driver-{language}"), *arguments])
    if not target.exists():
        raise SkippedError("its toolchain is missing")
