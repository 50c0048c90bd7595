"""``make bench``: measures what the sandbox costs, beside the in-process harness and the naive way, and says which goals
are missed.

``rows.py`` says what is measured and what the goals are. A row is measured in rounds; in each round every contender runs
once, so that whatever slows the machine down meanwhile slows all of them down.
"""
