"""The program inside the resync container: boots a real integration, runs a real resync, reports the outcome.

It imports none of our other packages, only the standard library and ``port_ocean``. Orders come on
stdin and answers go to stdout, one JSON object a line; everything that anyone prints or logs goes to stderr. stdin is
the lifeline too: when it ends, so does the process that started this container, and so does this program.

It is two processes. The supervisor imports ``port_ocean``, waits for an order, and forks: the child boots the integration
and resyncs it, and may hang, crash or run out of memory, while the supervisor goes on watching the lifeline and tells how
the child ended. The supervisor has no threads, so the fork is safe.
"""
