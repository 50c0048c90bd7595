"""Reads the outcome of a resync where production reports it: from what the integration told Port.

``ocean sail`` ends with 0 whether or not its resync failed. Port is told the resync's state, each kind's, and gets the
log with the exceptions in it, as text (port-ocean 0.55, core/event_listener/base.py, helpers/metric/metric.py,
log/handlers.py). An exception of a handler is there with its traceback; Ocean's group of all of them is a tree in some
versions and only a count in others, such as 0.55.4. A record can also be lost on the way (an enum of ``integration.py``
in it cannot be pickled): then the kind's state still says that it failed.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from harness.execution import tracebacks
from harness.integration.kinds import counts_by_kind
from harness.routes.transport import RequestLog
from sandbox.resync.report import RemoteFailure

# What Ocean logs, and then raises as this (port-ocean 0.55, `resync_error_handling` in core/integrations/mixins/utils.py).
_WRAPPED = ("Failed to execute resync function, error: ", "Failed to validate raw data for returned data")
_WRAPPER = "port_ocean.exceptions.core", "OceanAbortException"
# What Ocean logs with the exception as it was (core/integrations/base.py, core/event_listener/once.py).
_AS_IT_WAS = ("Error in start event listeners: ", "Error occurred while resyncing")
# What it logs with the message alone (`_process_resource` in core/integrations/mixins/sync_raw.py).
_UNTRACED = re.compile(r"^Resource (.+) processing failed unexpectedly: (.*)$", re.DOTALL)
_OF_A_STATUS = re.compile(r"'(\d{3})[^']*' for url '([^']+)'")
_NO_TYPE = "production", "UnknownError"
_MASK = re.escape("[REDACTED]")  # in a record's message, but not in a tree


def succeeded(state: dict[str, Any]) -> bool | None:
    """Whether Port was told that the resync is completed; None if it never heard of one.

    Args:
        state: What the Port mock keeps, since the resync began.
    """
    states = [each.get("status") for each in state["resync_states"]]
    return states[-1] == "completed" if states else None


def failures(state: dict[str, Any]) -> list[RemoteFailure]:
    """The errors that Port heard of, as nearly as possible those that the entry ``resync`` gives.

    Args:
        state: What the Port mock keeps, since the resync began.
    """
    found = list(_of_records(state["logs"]))
    # A leaf that its own record told of has more there: pickling takes causes and tracebacks off.
    told = [re.compile(re.escape(each.message).replace(_MASK, ".*"), re.DOTALL) for each in found]
    leaves = [leaf for leaf in _of_groups(state["logs"]) if not any(each.fullmatch(leaf.message) for each in told)]
    kinds = {failure.kind for failure in found}
    failed = {counts.kind for counts in counts_by_kind(state["metrics"]) if counts.state == "failed"} - kinds
    # The kind of a leaf without a record is unknown.
    found += leaves or [_without_exception(f"The kind {kind!r} failed", kind) for kind in sorted(failed)]
    if succeeded(state) is False and not found:
        found.append(_without_exception(f"The resync is {state['resync_states'][-1].get('status')!r}", None))
    return found


def with_exchange(failure: RemoteFailure, calls: Iterable[RequestLog]) -> RemoteFailure:
    """``failure``, and what it was raised from, with the third party's answer that it is about, if it is about one.

    Args:
        failure: One of which only the text came.
        calls: The third-party requests of the resync.
    """
    cause = with_exchange(failure.cause, calls) if failure.cause else None
    exchange = failure.exchange
    if failure.type == "HTTPStatusError" and exchange is None and (about := _OF_A_STATUS.search(failure.message)):
        exchange = next(
            (
                {
                    "method": call.request.method,
                    "url": str(call.request.url),
                    "status": call.response.status_code,
                    "headers": call.response.headers.multi_items(),
                    "body": base64.b64encode(call.response.content).decode(),
                }
                for call in reversed(list(calls))
                if (str(call.response.status_code), str(call.request.url)) == about.groups()
            ),
            None,
        )
    return replace(failure, cause=cause, exchange=exchange)


def _of_records(records: Iterable[dict[str, Any]]) -> Iterator[RemoteFailure]:
    for record in records:
        message, extra = str(record.get("message", "")), record.get("extra") or {}
        kind = extra.get("resource_kind")
        trace = str(extra.get("traceback") or "")
        if trace and message.startswith(_WRAPPED):
            cause = next(iter(tracebacks.read(trace, kind)), None)
            module, name = _WRAPPER
            yield RemoteFailure(name, module, message, [message], trace, kind, cause=cause)
        elif trace and message.startswith(_AS_IT_WAS):
            yield from tracebacks.read(trace, kind)
        elif untraced := _UNTRACED.match(message):
            module, name = _NO_TYPE
            yield RemoteFailure(name, module, untraced[2], [untraced[2]], "", untraced[1])


def _of_groups(records: Iterable[dict[str, Any]]) -> Iterator[RemoteFailure]:
    for record in records:
        if "+---" in (tree := str((record.get("extra") or {}).get("exc_info") or "")):
            yield from tracebacks.read(tree)


def _without_exception(what: str, kind: str | None) -> RemoteFailure:
    module, name = _NO_TYPE
    message = f"{what}, and the shipped log has no exception; see ResyncResult.logs."
    return RemoteFailure(name, module, message, [message], "", kind)
