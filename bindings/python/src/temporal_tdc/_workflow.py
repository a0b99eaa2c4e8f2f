"""What a workflow gets instead of a signal, an update or a query that cannot be decoded.

The SDK's worker decodes all payloads of a workflow task before workflow code runs, and fails the
task for each exception of the codec. The task is then tried again, so a fault that is fixed
costs time and nothing else. A payload that can never be decoded, however, would stop the workflow,
and anybody who may send a signal can send one. Workflow code is therefore handed a payload that no
converter reads: the SDK drops the signal, rejects the update, or answers the query with the error,
as it does with JSON that does not parse.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Final

from temporalio.api.common.v1 import Payload

from temporal_tdc._errors import InputError, TdcError

_VISITOR: Final = "temporalio.bridge._visitor"
_FROM_CALLERS: Final = {
    "_visit_coresdk_workflow_activation_SignalWorkflow",
    "_visit_coresdk_workflow_activation_DoUpdate",
}
_QUERY: Final = "_visit_coresdk_workflow_activation_QueryWorkflow"


def rejection(payloads: Sequence[Payload], error: TdcError) -> list[Payload] | None:
    """Give a replacement for ``payloads``, which ``error`` says cannot be decoded.

    Returns:
        As many payloads, or ``None`` where the error is to be raised: outside of workflow tasks, at
        their other sites, and for what can be fixed.
    """
    site = _site()
    # A query changes nothing, so its caller is told of every error, and can ask again.
    is_permanent = isinstance(error, InputError) and not error.transient
    if site == _QUERY or (site in _FROM_CALLERS and is_permanent):
        # The SDK's converter shows the encoding in its error.
        return [Payload(metadata={"encoding": f"not decoded: {error}".encode()}) for _ in payloads]
    return None


def _site() -> str | None:
    """Find which part of a workflow task is decoded; only the call stack tells."""
    frame = inspect.currentframe()
    while frame is not None:
        name = frame.f_code.co_name
        is_site = name == _QUERY or name in _FROM_CALLERS
        if is_site and frame.f_globals.get("__name__") == _VISITOR:
            return name
        frame = frame.f_back
    return None
