"""A workflow whose module imports the package: the sandbox imports it again."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ApplicationError

import temporal_tdc


@workflow.defn
class Greeting:
    """Answers its input."""

    @workflow.run
    async def run(self, name: str) -> str:
        """Show in the answer that the package is there inside the sandbox."""
        return f"hello {name} from {temporal_tdc.Tdc.__name__}"


@workflow.defn
class Failing:
    """Fails."""

    @workflow.run
    async def run(self, name: str) -> str:
        """Raise an error with a cause."""
        raise ApplicationError(f"no greeting for {name}") from ApplicationError("the cause")


@workflow.defn
class Listener:
    """Answers with what it heard once it is told to close."""

    def __init__(self) -> None:
        self._heard: list[str] = []

    @workflow.run
    async def run(self, _: str) -> list[str]:
        """Wait for the last word."""
        await workflow.wait_condition(lambda: self._heard[-1:] == ["close"])
        return self._heard

    @workflow.signal
    def say(self, word: str) -> None:
        """Keep a word."""
        self._heard.append(word)

    @workflow.update
    def amend(self, word: str) -> str:
        """Keep a word and answer with it."""
        self._heard.append(word)
        return word

    @workflow.query
    def ask(self, word: str) -> list[str]:
        """Answer with the question and all that was heard."""
        return [word, *self._heard]
