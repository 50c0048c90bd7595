"""Says what a resync that timed out was waiting for: a request that Ocean's client kept retrying."""

from collections.abc import Iterable, Iterator
from itertools import groupby

from harness.routes.transport import RequestLog
from sandbox.errors import ResyncTimeoutError

_FEW = 3
# Besides the 502 to 504, and a 500 where an integration asks for it.
_RETRIED = (401, 408, 429)
_SERVER_ERROR = 500
_REMEDY = (
    "Ocean's client retries such an answer ten times and waits twice as long each time: 102 s in all for the third party, "
    "five minutes for Port. It honours `Retry-After`: with the header 'Retry-After': '0' in the answer of the route (for "
    "Port, retry_after=0 of harness.port.fail), there are just as many retries, but they take no time. "
)


def explained(error: ResyncTimeoutError, calls: Iterable[RequestLog]) -> ResyncTimeoutError:
    """The error, with what was asked in vain until the end; itself, where nothing was asked more than once.

    Where Ocean's waits come from: port-ocean 0.55, helpers/retry.py (``RetryConfig``: ten attempts that begin with 0.1 s)
    and clients/port/utils.py (0.3 s, for Port).

    Args:
        error: Says that the resync took too long.
        calls: What it asked, of the third party and of Port.
    """
    found = list(_in_vain(calls))
    if not found:
        return error
    more = f" And so were {len(found) - _FEW} more." if len(found) > _FEW else ""
    return ResyncTimeoutError(
        f"{error.what} {' '.join(found[:_FEW])}{more}", remedy=f"{_REMEDY}{error.remedy}", detail=error.detail
    )


def _in_vain(calls: Iterable[RequestLog]) -> Iterator[str]:
    answers: dict[str, list[int]] = {}
    for call in sorted(calls, key=lambda each: each.at):
        answers.setdefault(f"{call.request.method} {call.request.url}", []).append(call.response.status_code)
    for asked, statuses in answers.items():
        *_, (status, again) = ((status, len(list(same))) for status, same in groupby(statuses))
        if again > 1 and (status in _RETRIED or status >= _SERVER_ERROR):
            yield f"Its request {asked} was answered {status}, {again} times."
