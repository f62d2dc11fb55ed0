"""The real Apache Kafka on loopback, guarded as Hopskotch is: SASL_SSL, SCRAM-SHA-512, and ACLs.

    with Kafka() as kafka:
        kafka.topic("public.alerts")                  # every credential may read it, as Hopskotch's public topics
        password = kafka.credential("alice-1234")     # may use consumer groups that begin with "alice-1234-", no others
        Consumer({**kafka.client("alice-1234", password), "group.id": "alice-1234-tom"})

`python -m tests.services.kafka [--topic NAME] -- command ...` runs a command with one up: KAFKA_BROKERS, KAFKA_USER,
KAFKA_PASSWORD and KAFKA_CA say how to reach it. The jars are Maven's (pom.xml), in .services/kafka; Java 17 runs them.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from confluent_kafka import KafkaException

from tests.services import certificates
from tests.services.administration import ADMIN, Administration
from tests.services.process import ROOT, NotReady, end, environment, free_port, spawn, tail, wait_for

JARS = ROOT / ".services" / "kafka"
POM = Path(__file__).parent / "pom.xml"

_PROPERTIES = """
node.id=1
process.roles=broker,controller
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=CLIENTS://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=CLIENTS://localhost:{port}
listener.security.protocol.map=CLIENTS:SASL_SSL,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=CLIENTS
log.dirs={folder}/data

sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.clients.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required username="{admin}" password="{password}";
ssl.keystore.type=PEM
ssl.keystore.location={folder}/server.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem

authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
# ANONYMOUS is the broker itself on the controller's own listener; clients always have a name
super.users=User:{admin};User:ANONYMOUS
allow.everyone.if.no.acl.found=false

offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
message.max.bytes=8388608
log.cleaner.dedupe.buffer.size=33554432
"""


def fetch() -> Path:
    """The folder with Kafka's jars, fetched by Maven the first time (50 MB)."""
    for tool, package in (("java", "openjdk-17-jre-headless"), ("mvn", "maven")):
        if shutil.which(tool) is None:
            raise NotReady(f"the real Kafka needs `{tool}`: apt-get install {package}")
    if not list(JARS.glob("kafka_2.13-*.jar")):
        goal = ["dependency:copy-dependencies", f"-DoutputDirectory={JARS}"]
        subprocess.run(["mvn", "-q", "-B", "-f", str(POM), *goal], check=True, timeout=600)
    return JARS


class Kafka(Administration):
    """One broker in KRaft mode, its data in a folder of its own. `stop()` and `start()` keep data, port and users."""

    def __init__(self, *, heap_mb: int = 512):
        self.folder = Path(tempfile.mkdtemp(prefix="tom-kafka-"))
        self.log = self.folder / "kafka.log"
        self.port = free_port()
        super().__init__(f"localhost:{self.port}", str(self.folder / "ca.pem"))
        self._heap = [f"-Xmx{heap_mb}m", "-Xms128m", "-XX:+UseSerialGC"]
        self._process: subprocess.Popen | None = None
        self._format()

    def __enter__(self) -> Kafka:
        self.start()
        return self

    def __exit__(self, *exc) -> None:
        self.stop(by=signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _java(self, main: str, *arguments: str) -> list[str]:
        log = "-Dorg.slf4j.simpleLogger."
        quiet = [f"{log}defaultLogLevel=warn", f"{log}log.org.apache.kafka.common.network.Selector=info"]
        return ["java", *self._heap, *quiet, "-cp", f"{fetch()}/*", main, *arguments]

    def _format(self) -> None:
        certificates.make(self.folder)
        password = self.passwords[ADMIN]
        ports = {"port": self.port, "controller": free_port()}
        text = _PROPERTIES.format(**ports, folder=self.folder, admin=ADMIN, password=password)
        config = self.folder / "server.properties"
        config.write_text(text)
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        scram = f"SCRAM-SHA-512=[name={ADMIN},password={password}]"
        arguments = ["format", "-t", cluster, "-c", str(config), "--add-scram", scram]
        command = self._java("kafka.tools.StorageTool", *arguments)
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise NotReady(f"Kafka's storage could not be formatted: {done.stdout[-1500:]}{done.stderr[-1500:]}")

    def start(self) -> None:
        """Start it and wait until it answers a logged-in client."""
        command = self._java("kafka.Kafka", str(self.folder / "server.properties"))
        self._process = spawn(command, self.log, cwd=self.folder)
        self._admin = None  # a client that saw the broker go may answer nothing for long after it is back
        wait_for("Kafka", self._answers, seconds=90, every=0.2, explain=lambda: tail(self.log))

    def refused_logins(self) -> int:
        """How many log-ins the broker has refused so far, by its own log."""
        return self.log.read_text(errors="replace").count("Failed authentication with")

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise NotReady(f"Kafka ended with {self._process.returncode}: {tail(self.log)}")
        try:
            return bool(self.admin.list_topics(timeout=2).brokers)
        except KafkaException:
            return False

    def stop(self, *, by: int = signal.SIGTERM) -> None:
        """Stop it: in order, or `by=signal.SIGKILL` as a power cut would."""
        end(self._process, by=by, seconds=30)
        self._process = None


def main(arguments: list[str]) -> int:
    """Run a command while a broker is up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fetch", action="store_true", help="only fetch the jars")
    parser.add_argument("--topic", action="append", default=[], help="a public topic to make (repeatable)")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args(arguments)
    if options.fetch:
        print(fetch())
        return 0
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        parser.error("give a command after --")
    with Kafka() as kafka:
        for name in options.topic:
            kafka.topic(name, writers=("tester",))
        password = kafka.credential("tester")
        env = environment(KAFKA_BROKERS=kafka.brokers, KAFKA_USER="tester", KAFKA_PASSWORD=password, KAFKA_CA=kafka.ca)
        return subprocess.run(command, env=env).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
