"""What an administrator of Kafka does: credentials, topics, who may do what, and where consumer groups stand."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

ADMIN = "admin"
READ = (AclOperation.READ, AclOperation.DESCRIBE)
#: a broker that has just started is not the coordinator of its own groups yet
NOT_YET = ("NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS")
WRITE = (AclOperation.WRITE, AclOperation.DESCRIBE)


class Administration:
    """The administrator's connection to one cluster."""

    def __init__(self, brokers: str, ca: str):
        self.brokers = brokers  #: host:port that clients are given
        self.ca = ca  #: path of the certificate authority to trust
        self.passwords = {ADMIN: secrets.token_urlsafe(16)}
        self._admin: AdminClient | None = None

    def client(self, user: str = ADMIN, password: str | None = None) -> dict[str, str]:
        """librdkafka properties that log this credential in."""
        return {
            "bootstrap.servers": self.brokers,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": user,
            "sasl.password": self.passwords[user] if password is None else password,
            "ssl.ca.location": self.ca,
        }

    @property
    def admin(self) -> AdminClient:
        """The connection, kept."""
        if self._admin is None:
            # librdkafka reports every refused connection while the broker is down: wanted, and not to be read
            self._admin = AdminClient({**self.client(), "log_level": 2, "error_cb": lambda error: None})
        return self._admin

    def credential(self, name: str, password: str | None = None) -> str:
        """Make (or change) a credential; its password. It may use consumer groups that begin with its name and "-"."""
        self.passwords[name] = password or secrets.token_urlsafe(16)
        scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        change = UserScramCredentialUpsertion(name, scram, self.passwords[name].encode())
        settled(lambda: self.admin.alter_user_scram_credentials([change]))
        self._allow(ResourceType.GROUP, f"{name}-", name, (AclOperation.READ,), ResourcePatternType.PREFIXED)
        return self.passwords[name]

    def topic(self, name: str, *, partitions: int = 2, readers=("*",), writers=(), **config) -> str:
        """Make a topic, two partitions as Hopskotch's: public (readers "*"), or for these credentials only.

        `config`: the topic's Kafka properties, dots as underscores.
        """
        properties = {key.replace("_", "."): str(value) for key, value in config.items()}
        settled(lambda: self.admin.create_topics([NewTopic(name, partitions, 1, config=properties)]))
        for who in readers:
            self._allow(ResourceType.TOPIC, name, who, READ)
        for who in writers:
            self._allow(ResourceType.TOPIC, name, who, WRITE)
        return name

    def let_describe(self, topic: str, who: str) -> None:
        """Let a credential see that a topic exists without letting it read."""
        self._allow(ResourceType.TOPIC, topic, who, (AclOperation.DESCRIBE,))

    def let_read(self, topic: str, who: str) -> None:
        """Let a credential read a topic."""
        self._allow(ResourceType.TOPIC, topic, who, READ)

    def let_create(self, who: str) -> None:
        """Let a credential make topics, which no Hopskotch credential may. (librdkafka calls the cluster BROKER.)"""
        self._allow(ResourceType.BROKER, "kafka-cluster", who, (AclOperation.CREATE,))

    def _allow(self, kind, name: str, who: str, operations, pattern=ResourcePatternType.LITERAL) -> None:
        allow = AclPermissionType.ALLOW
        rules = [AclBinding(kind, name, pattern, f"User:{who}", "*", operation, allow) for operation in operations]
        settled(lambda: self.admin.create_acls(rules))

    def producer(self, user: str = ADMIN, **config) -> Producer:
        """A producer logged in as `user`, acks=all; `config`: librdkafka's, dots as underscores."""
        own = {key.replace("_", "."): value for key, value in config.items()}
        return Producer({**self.client(user), "acks": "all", **own})

    def ends(self, topic: str) -> dict[int, int]:
        """The next offset of each partition: how many messages it was given."""
        partitions = self.admin.list_topics(topic, timeout=10).topics[topic].partitions
        probe = Consumer({**self.client(), "group.id": "probe"})
        try:
            return {p: probe.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in partitions}
        finally:
            probe.close()

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        """What a consumer group has committed, by (topic, partition)."""
        (offsets,) = settled(lambda: self.admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]))
        return {(item.topic, item.partition): item.offset for item in offsets.topic_partitions}

    def members(self, group: str) -> list[set[tuple[str, int]]]:
        """What each member of a consumer group was assigned; empty while the group is being rearranged."""
        (group_now,) = settled(lambda: self.admin.describe_consumer_groups([group]))
        if group_now.state.name != "STABLE":
            return []
        return [{(p.topic, p.partition) for p in member.assignment.topic_partitions} for member in group_now.members]


def settled(ask: Callable[[], dict], *, seconds: float = 30) -> list:
    """The results of an admin call, asked again while the broker says "not yet"; KafkaException when it refused."""
    until = time.monotonic() + seconds
    while True:
        try:
            return [future.result(timeout=seconds) for future in ask().values()]
        except KafkaException as error:
            if error.args[0].name() not in NOT_YET or time.monotonic() > until:
                raise
            time.sleep(0.2)
