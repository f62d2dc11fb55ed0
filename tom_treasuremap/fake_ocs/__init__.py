"""A stand-in for an Observatory Control System's portal over real HTTP: `python -m tom_treasuremap.fake_ocs --port 0`.

    with FakeOcs() as fake:
        fake.url, fake.token                      # the address, and the first account's token
        fake.groups, fake.requests                # what is stored, what was asked
        fake.put(number, "COMPLETED")             # what becomes of a request
        fake.faults.append({"path": "/api/requestgroups/", "method": "POST", "do": "drop_after"})

Paths and answers are those of github.com/observatorycontrolsystem/observation-portal as TOM Toolkit's `ocs.py` uses them. Nothing is
observed: a request becomes what `put`, or POST /fake/requests/ID/ {"state": ...}, says; with `--speed` it is observed as a
simulated telescope does it, by time.
"""

from tom_treasuremap.fake_ocs.server import FakeOcs

__all__ = ["FakeOcs"]
