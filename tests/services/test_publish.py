"""Publishing to a broker that answers too late. Here and not in `make test` because it takes long; needs no service.

Authority: the interfaces "Kafka": a time-out is ReplyLost.
"""

from __future__ import annotations

import pytest

from tests.embedded import Embedded
from tom_scimma.errors import ReplyLost
from tom_scimma.stream import publish

pytestmark = pytest.mark.services


def test_an_answer_that_does_not_come_in_time_is_lost(tmp_path):
    with Embedded(tmp_path, "--delay", "1200") as slow:
        topic = slow.topic("t")
        with pytest.raises(ReplyLost, match="may be"):
            publish(topic, b"maybe", {}, key="k", source=slow.source(), seconds=0.1)
