"""The workflow that every language has: small, but it decodes an input and signals inside workflow tasks."""

from temporalio import workflow


@workflow.defn(name="Echo")
class Echo:
    """Answers with all that was said once it is told to close."""

    def __init__(self) -> None:
        self._said: list[str] = []
        self._closed = False

    @workflow.run
    async def run(self, opening: str) -> list[str]:
        """Waits for "close"."""
        self._said.insert(0, opening)
        await workflow.wait_condition(lambda: self._closed)
        return self._said

    @workflow.signal
    def say(self, word: str) -> None:
        """Keeps one word, or closes."""
        if word == "close":
            self._closed = True
        else:
            self._said.append(word)
