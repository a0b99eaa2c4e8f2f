"""What the tests of the key services share: checks of answers."""

from harness import checks

from library import Answer

#: The key that is wrapped and unwrapped.
KEY = bytes(range(32))


class Checks(checks.Checks):
    """The same, for answers of a key service."""

    def opens(self, what: str, answer: Answer) -> None:
        """The key of the test came back."""
        self.that(what, answer.data_key == KEY, answer)

    def fails(self, what: str, answer: Answer, outcome: str, words: str = "") -> None:
        """A failure of this kind, for this reason."""
        self.that(what, answer.outcome == outcome and words in answer.reason, answer)
