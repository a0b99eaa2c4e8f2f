"""A workflow whose module imports the package: the sandbox imports it again."""

from __future__ import annotations

from temporalio import workflow

import temporal_tdc


@workflow.defn
class Greeting:
    """Answers its input."""

    @workflow.run
    async def run(self, name: str) -> str:
        """Show in the answer that the package is there inside the sandbox."""
        return f"hello {name} from {temporal_tdc.Tdc.__name__}"
