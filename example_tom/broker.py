"""An embedded broker that speaks Kafka's protocol on a loopback port: librdkafka's mock cluster, a process of its own.

    python example_tom/broker.py --topics igwn.gwalert,gcn.heartbeat --address-file /tmp/broker

It writes `127.0.0.1:port` to the file once the topics exist, makes the topics named on its standard input (one a line)
as they come, and ends when the process that started it ends, at SIGTERM, or at Ctrl-C. It has no log-in and four
partitions a topic, keeps about 5 MB a partition and nothing after it ends, does not know which offset was when, and
answers a fetch without messages only after `fetch.wait.max.ms`: give consumers `"config": {"fetch.wait.max.ms": 10}`.
"""

import argparse
import os
import signal
import sys
import threading
import time
from pathlib import Path

from confluent_kafka import Producer


def start(delay=0):
    """The broker's producer, which is the broker, and its address. It answers `delay` milliseconds late."""
    large = {"message.max.bytes": 10_000_000}  # it refuses what it would not send itself: a sky map of a megabyte
    mock = {"test.mock.num.brokers": 1, "test.mock.broker.rtt": delay, **large}
    broker = Producer({"bootstrap.servers": "embedded:1", "log_level": 2, **mock})
    found = broker.list_topics(timeout=10).brokers.values()
    return broker, ",".join(f"{node.host}:{node.port}" for node in found)


def make(broker, topic):
    """Makes a topic: the mock cluster makes those that a producer asks about."""
    for _ in range(100):
        if broker.list_topics(topic, timeout=10).topics[topic].error is None:
            return
        time.sleep(0.05)
    raise SystemExit(f"the embedded broker did not make the topic {topic}")


def publish_address(path, address):
    """Writes the address whole or not at all, so that whoever waits for the file never reads half of it."""
    half = Path(f"{path}.{os.getpid()}")
    half.write_text(address)
    half.replace(path)


def _make_asked(broker):
    for line in sys.stdin:
        if line.strip():
            make(broker, line.strip())
            print(line.strip(), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topics", default="", help="comma-separated")
    parser.add_argument("--address-file", help="where to write host:port; by default it is printed")
    parser.add_argument("--delay", type=int, default=0, help="answer so many milliseconds late")
    options = parser.parse_args()
    parent = os.getppid()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    broker, address = start(options.delay)
    for topic in filter(None, options.topics.split(",")):
        make(broker, topic.strip())
    if options.address_file:
        publish_address(options.address_file, address)
    else:
        print(address, flush=True)
    threading.Thread(target=_make_asked, args=(broker,), daemon=True).start()
    while not ended.wait(0.3) and os.getppid() == parent:
        pass


if __name__ == "__main__":
    main()
