"""`submit_message/` of the stand-in: what is checked, and what goes where in which order: TNS, files, GCN, Kafka."""

from __future__ import annotations

import string
from typing import Any

from tom_hermes.fake import reports
from tom_hermes.fake.accounts import Account
from tom_hermes.fake.archive import identity
from tom_hermes.fake.http import Reply, Request, crash
from tom_hermes.fake.world import World
from tom_hermes.plaintext import CLOSING, plaintext
from tom_hermes.schema import Bad, Crash, taken
from tom_hermes.vocabulary import SECTIONS

NO_CREDENTIAL = "User account does not have an associated SCIMMA auth credential. Please logout and log back in."
SLOW = "TNS submission failed to be processed within 10 seconds"
#: what a broker takes at most
LARGEST = 1_000_000


class Failed(Exception):
    """A submission that ends with `error`."""


def check(world: World, document: Any, account: Account | None) -> dict[str, Any]:
    """What would be published. Raises Bad and Crash."""
    return taken(
        document,
        dev=world.dev,
        user=account is not None,
        gcn_account=account is not None and account.gcn,
        tns_options=world.tns_options(),
        known=world.index.knows,
    )


def submit(world: World, request: Request) -> Reply:
    """The answer to a submission, once everything that it causes is done."""
    document, files = request.parts() if request.multipart else (request.document(), None)
    if not isinstance(document, dict) or not isinstance(document.get("data", {}), dict):
        return crash()
    passed_on = {key: value for key, value in document.get("data", {}).items() if key not in SECTIONS}
    try:
        message = check(world, document, request.account)
        if request.account is None or not request.account.credential:
            return Reply(200, {"error": NO_CREDENTIAL})
        wanted = _files(message, files)
        if passed_on:
            message.setdefault("data", {}).update(passed_on)
        return _send(world, request.account, document, message, wanted)
    except Bad as bad:
        return Reply(400, bad.detail)
    except Failed as failed:
        return Reply(400, {"error": str(failed)})
    except (Crash, KeyError, TypeError):
        return crash()


def _infos(message: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Files that are to be uploaded, each with the object that may keep it private."""
    data = message.get("data", {})
    own = [(file, target.get("discovery_info", {})) for target in data.get("targets", []) for file in _of(target)]
    return own + [(file, row) for row in data.get("spectroscopy", []) for file in _of(row)]


def _of(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [file for file in row.get("file_info", []) if not file.get("url")]


def _files(message: dict[str, Any], files: dict[str, bytes] | None) -> dict[str, bytes]:
    """The uploaded files that the message speaks of. Raises Failed where the two do not agree."""
    named = [file["name"] for file, _ in _infos(message)]
    if not named:
        return {}
    if files is None:
        raise Crash("files are named in a submission that is JSON alone")
    unasked = [name for name in files if name not in named]
    if unasked and any(name in files for name in named):
        said = ",".join(unasked)
        raise Failed(f"Files {said} sent but not referenced in the messages target or spectroscopy sections.")
    missing = [name for name in named if name not in files]
    if missing:
        raise Failed(f"Files {','.join(missing)} referenced in message but not uploaded in files section.")
    return {name: files[name] for name in named}


def _send(world: World, account: Account, document: dict, message: dict, files: dict[str, bytes]) -> Reply:
    if document.get("submit_to_tns"):
        _tns(world, message, files)
    _upload(world, message, files)
    ident = identity()
    if document.get("submit_to_gcn"):
        _gcn(world, message, ident)
    _kafka(world, account, message, ident)
    return Reply(200, {**message, "uuid": ident})


def _reference(message: dict[str, Any], source: str, citation: Any, url: str) -> None:
    message["data"].setdefault("references", []).append({"source": source, "citation": citation, "url": url})


def _tns(world: World, message: dict[str, Any], files: dict[str, bytes]) -> None:
    options = world.tns_options()
    if message["data"].get("spectroscopy"):
        kinds = {name: name.rpartition(".")[2].replace("ascii", "txt") for name in files}
        named = {name: f"tns_{number}.{kinds[name]}" for number, name in enumerate(files)}
        report = {"classification_report": reports.classification(message, options, named)}
        names = list(dict.fromkeys(row["target_name"] for row in message["data"]["spectroscopy"]))
    else:
        report = {"at_report": reports.discovery(message, options)}
        names = [_name(world, place) for place in range(len(report["at_report"]))]
    world.tns.append(report)
    if world.take("tns_slow"):  # TNS has it, and HERMES has given up
        raise Failed(SLOW)
    for name in names:
        _reference(message, "tns_object", name, f"https://tns.invalid/object/{name}")


def _name(world: World, place: int) -> str:
    """A name as TNS gives them: 2026aaa, 2026aab."""
    number = sum(len(report.get("at_report", ())) for report in world.tns) + place
    letters = ""
    for _ in range(3):
        number, letter = divmod(number, 26)
        letters = string.ascii_lowercase[letter] + letters
    return f"2026{letters}"


def _upload(world: World, message: dict[str, Any], files: dict[str, bytes]) -> None:
    for file, owner in _infos(message):
        if owner.get("proprietary_period", 0) == 0:
            if not world.services:
                raise Failed(world.refused(f"/archive/topic/{message['topic']}"))
            ident = world.archive.store(file["name"], files[file["name"]])
            file["url"] = f"{world.url}/archive/msg/{ident}/raw_file/{file['name']}"


def _gcn(world: World, message: dict[str, Any], ident: str) -> None:
    if not world.services:
        raise Failed(f"Failed to submit message to GCN: ConnectionError({world.refused('/api/circulars')})")
    page = f"{world.url}/message/{ident}"
    body = plaintext(message) + CLOSING.format(page=page)
    circular = {"subject": message["title"], "body": body, "format": "text/markdown"}
    world.gcn.append(circular)
    number = 39999 + len(world.gcn)
    _reference(message, "gcn_circular", number, f"https://gcn.invalid/circulars/{number}")


def _kafka(world: World, account: Account, message: dict[str, Any], ident: str) -> None:
    topic = message["topic"]
    headers = {
        "topic": topic,
        "_id": ident,
        "_format": "json",
        "title": message["title"],
        "_sender": account.credential,
    }
    if world.take("kafka_down"):
        raise Failed(
            'Error posting message to kafka: KafkaError{code=_ALL_BROKERS_DOWN,val=-187,str="All brokers down"}'
        )
    if world.permissions and topic not in world.writable():
        raise Failed(
            f'Error posting message to kafka: KafkaError{{code=TOPIC_AUTHORIZATION_FAILED,val=29,str="{topic}"}}'
        )
    if len(str(message)) > LARGEST // 2 and len(world.payload(message)) > LARGEST:
        raise Failed('Error posting message to kafka: KafkaError{code=MSG_SIZE_TOO_LARGE,val=10,str="too large"}')
    world.publish(topic, message, headers, ident=ident)
