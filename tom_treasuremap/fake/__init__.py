"""A stand-in for the Treasure Map over real HTTP: `python -m tom_treasuremap.fake --port 0`.

    with Fake() as fake:
        fake.url, fake.token                      # the address, and the first account's token
        fake.world.pointings, fake.requests       # what is stored, what was asked
        fake.observe("S251112cm", rows)           # pointings of other teams
        fake.faults.append({"path": "/api/v1/pointings", "times": 1, "do": "drop_after"})

It answers as the real server was seen to answer, its odd corners included: a bad enumeration loses the whole batch, what
is refused comes with 200, duplicates are taken, a completed pointing is linked twice.
"""

from tom_treasuremap.fake.server import Fake

__all__ = ["Fake"]
