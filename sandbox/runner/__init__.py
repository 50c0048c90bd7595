"""The program inside the resync container: boots a real integration, runs a real resync, says how it went.

It imports nothing of ours but itself, and of the rest only the standard library and ``port_ocean``. Orders come on
stdin and answers go to stdout, one JSON object a line; everything that anyone prints or logs goes to stderr. stdin is
the lifeline too: when it ends, so does the process that started this container, and so does this program.
"""
