"""A stand-in for HERMES: real HTTP on a loopback port, the answers of the real one, and faults on demand. No Django in it.

    python -m tom_hermes.fake --port 0 --faults faults.json      prints its URL

    with Fake() as fake:
        fake.url, fake.token                      the address, and the token of the account tom-demo
        fake.messages                             what was published, each with uuid, topic, headers, message, retracted
        fake.tns, fake.gcn                        what went on to TNS and to GCN
        fake.faults.append({"path": "submit_message/", "do": "drop_after"})
        fake.publish("hermes.test", document)     a message by somebody else

A fault: `path` (a part of the address; "" for any; `submit_message/` is that alone, and not `submit_message/validate/`),
`times` (1; null for ever) and `do`:

    drop, drop_after        the connection is cut before, or after, everything was done
    hang, hang_after        no answer, ever; before or after
    500, 500_after          HERMES' page of a crash; before or after
    slow                    answers after `seconds`
    200_error               200 with an error inside, and nothing done
    refuse                  400 with errors by field
    busy, unavailable       429 and 503, with Retry-After
    gateway, denied, moved  502, 403, 302
    docs                    200 with the documentation, as after a redirect that was followed
    garbage                 done; a 200 that cannot be read
    tns_slow                TNS has the report, and HERMES says that it took too long
    kafka_down              TNS and GCN were told, and Kafka is away
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tom_hermes.fake.archive import Published
from tom_hermes.fake.server import Server
from tom_hermes.fake.world import World


class Fake(Server):
    """The stand-in; see the module. the options are World's."""

    def __init__(self, port: int = 0, **options: bool):
        super().__init__(World(**options), port)
        self.faults = self.world.faults
        self.tns, self.gcn = self.world.tns, self.world.gcn
        self.messages = self.world.archive.messages

    def __enter__(self) -> Fake:
        super().__enter__()
        return self

    @property
    def token(self) -> str:
        return self.token_of("tom-demo")

    def token_of(self, username: str) -> str:
        return next(account.token for account in self.world.accounts if account.username == username)

    def publish(self, topic: str, document: Any, headers: Mapping[str, str] | None = None, **more: Any) -> Published:
        """Puts a message on a topic as another program would; `sent` (s), `ident` (its `_id`) and `public` may be given."""
        return self.world.publish(topic, document, headers, **more)
