"""From what a person asks to what became of it: the rows part of planning.

standing.py    1 what a question stands on: a map, everybody's pointings, what is left of the sky
making.py      2 the worker makes the plan: greedy at once, better meanwhile
versions.py    3 a new version of what remains, and what changed
approving.py   4 a person's yes, once; then it is sent
watching.py    5 what became of its visits
whatif.py        the same question asked otherwise, answered at once, kept nowhere
"""
