"""Stand-ins for SCiMMA's services over real HTTP on loopback: the log-in (OpenID Connect), SCiMMA Auth and what stands on it.

    from tom_scimma.fake_services import demo, start

    world = demo()                          people, groups, topics, credentials: see world.py
    with start(world) as running:
        running.issuer, running.hopauth     addresses, as TOM settings want them
        running.faults.append({"path": "/hopauth/*", "times": 2, "do": "500"})

By hand: `python -m tom_scimma.fake_services --port 0`. Only for tests and demonstrations: it keeps no secret.
"""

from tom_scimma.fake_services.server import Running, start
from tom_scimma.fake_services.world import World, demo

__all__ = ["Running", "World", "demo", "start"]
