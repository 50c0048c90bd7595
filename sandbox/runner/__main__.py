"""``python -m runner``: warm up, then follow orders."""

import faulthandler
import gc
import json
import os
import sys
from pathlib import Path

from .channel import Channel
from .egress import Record
from .jsonl import answer
from .supervisor import Supervisor


def main() -> None:
    """Take the two pipes away from everyone else, import what is slow, and wait."""
    faulthandler.enable()
    gc.disable()  # an import makes little garbage, and collections take an eighth of its time
    if len(sys.argv) > 1:
        *descriptors, path = sys.argv[1:]
        del sys.argv[1:]  # an integration may look for arguments of its own
        orders, answers, first = map(int, descriptors)
        take_over(orders, answers, first, Record(path))
    answers = os.dup(1)
    os.dup2(2, 1)  # a print() in an integration must not end up between our answers
    orders = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        from .serve import serve  # noqa: PLC0415 # port_ocean takes half a second, and may not even import
    except BaseException as error:  # noqa: BLE001 # whatever it is, the other side must know
        from .report import describe  # noqa: PLC0415

        answer(answers, {"event": "failed", "phase": "import port_ocean", "errors": describe(error)})
        sys.exit(1)
    gc.enable()
    _leave_path()
    Supervisor(orders, answers, serve).keep()


def take_over(orders: int, answers: int, first: int, record: Record) -> None:
    """Be the child of a supervisor that could not fork; does not return.

    Args:
        orders: File descriptor to read further orders from.
        answers: File descriptor to write answers to.
        first: File descriptor of the order for which it was started.
        record: Where attempts to reach the outside are kept.
    """
    for descriptor in (orders, answers):
        os.set_inheritable(descriptor, False)  # noqa: FBT003 # by position only
    with os.fdopen(first) as order:
        order.seek(0)
        boot = json.load(order)
    from .serve import serve  # noqa: PLC0415 # as the supervisor did

    gc.enable()
    _leave_path()
    serve(Channel(orders, answers, boot, record))
    sys.exit(0)


def _leave_path() -> None:
    """Take our folders from where modules are looked for: ours are found through their package from now on.

    The integration then sees the path that it has in production. And what is looked for in vain is not looked for here:
    httpcore does so with ``sniffio`` several times a request.
    """
    own = Path(__file__).parents[1]
    sys.path[:] = [entry for entry in sys.path if not Path(entry).is_relative_to(own)]


if __name__ == "__main__":
    main()
