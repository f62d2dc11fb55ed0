"""`make demo`: a TOM with an embedded broker, a listener, and a night of alerts to look at.

    python example_tom/demo.py --port 8000     serves until Ctrl-C
    python example_tom/demo.py --check         plays the night at once, checks every page over HTTP, ends
    python example_tom/demo.py --live          listens to the real Hopskotch instead, in dry run

The database, the secret key, the password and the logs are in demo/ (TOM_VAR names another folder); `--check` uses a
temporary one. Everything runs on the loopback interface.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.error import URLError

import leash
import night
import teams
from browse import Browser
from children import Children, Fallen
from democheck import check
from player import Player

from tom_hermes.fake import Fake as Hermes
from tom_treasuremap.fake import Fake

HOST = "127.0.0.1"
USER = "demo"
#: what the environment may say of another TOM is not for this one
OWN = {"DJANGO_SETTINGS_MODULE": "example_tom.settings", "DATABASE_URL": "", "SECRET_KEY": ""}
#: how long a part may take to start, seconds
PATIENCE = 90.0
#: lines of a log that a check with faults shows
SHOWN = 120


class Trouble(Exception):
    """Something that the person at the keyboard can change; its text says how."""


def say(text: str = "") -> None:
    print(text, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Runs the demo; returns the exit status."""
    options = _options(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell's & leaves Ctrl-C ignored
        signal.signal(number, _interrupt)
    leash.hold(os.getppid())
    try:
        if options.check:
            with tempfile.TemporaryDirectory(prefix="tom-demo-") as var:
                return run(Path(var), free_port(), options)
        port = taken_or(options.port)
        with own_folder(port, "live" if options.live else "") as var:
            return run(var, port, options)
    except (Trouble, Fallen) as trouble:
        say(f"\n{trouble}")
        return 1
    except KeyboardInterrupt:
        say("\nThe demo has ended; nothing of it runs any more.")
        return 1 if options.check else 0


@contextmanager
def own_folder(port: int, name: str) -> Iterator[Path]:
    """The folder of the database, which no other demo uses meanwhile: demo/, or one inside it while that is in use."""
    home = Path(os.environ.get("TOM_VAR") or Path(__file__).resolve().parent.parent / "demo") / name
    for folder in (home, home / f"port-{port}"):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"Another demo uses {folder}; this one has a database of its own.")
                continue
            yield folder
            return
    raise Trouble(f"Other demos use {home}; name another folder: make demo TOM_VAR=/tmp/demo PORT={port}")


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--live", action="store_true")
    return parser.parse_args(arguments)


def _interrupt(number: int, frame: object) -> None:
    os.write(1, b"\nEnding ...\n")  # what is in hand may take a while, and print may be at work
    raise KeyboardInterrupt


def run(var: Path, port: int, options: argparse.Namespace) -> int:
    """Starts everything, plays the night, serves or checks; every process it started has ended when this returns."""
    url = f"http://{HOST}:{port}"
    password = _password(var)
    own = {**OWN, "TOM_VAR": str(var), "TOM_URL": url, "DEMO_PASSWORD": password}
    with Children(var / "logs", own) as children, Fake(teams.world()) as treasure_map, Hermes() as hermes:
        if not options.live:
            children.environment["TOM_TREASUREMAP_URL"] = treasure_map.url
            children.environment["TOM_TREASUREMAP_TOKEN"] = treasure_map.token
            children.environment["TOM_HERMES_URL"] = hermes.url
            children.environment["TOM_HERMES_TOKEN"] = hermes.token
        if options.live:
            children.environment["TOM_KAFKA"] = kafka = "live"
            say("Asking Hopskotch ...")
            say(children.run("credential", "manage.py", "setdemo", "--live", quote=True))
        else:
            children.environment["TOM_KAFKA"] = kafka = _broker(children, var)
        say("Preparing the database (half a minute the first time) ...")
        children.run("migrate", "manage.py", "migrate")
        children.run("setdemo", "manage.py", "setdemo", "--user", USER, *(["--no-targets"] if options.live else []))
        say("Starting the listener, the worker and the web server ...")
        children.start("listener", "manage.py", "listen", DEBUG="0")
        children.start("worker", "manage.py", "deliver", DEBUG="0")
        children.start("web", "manage.py", "runserver", "--noreload", f"{HOST}:{port}")
        _wait_for(children, lambda: _answers(url), "the web server")
        if options.check:
            faults = _play_and_check(children, treasure_map, kafka, url, password)
            if faults:
                _say_logs(children)  # their folder goes with the check
            return faults
        say(f"\n  {url}/events/\n  log in as {USER} with the password {password}\n  Ctrl-C ends the demo.\n")
        if not options.live:
            say(
                f"  {USER} is told of gravitational waves by mail, which is written to {var / 'mail'}; see {url}/told/\n"
            )
        if options.live:
            say(
                "Dry run: nothing leaves this TOM. What Hopskotch sends shows on the pages, and how it does on /streams/."
            )
        return _serve(children, treasure_map, None if options.live else Player(kafka))


def _password(var: Path) -> str:
    """The demo's password: made once, kept beside its database, readable by its owner alone."""
    path = var / "password"
    if not path.exists():
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_hex(4))
    return path.read_text().strip()


def _broker(children: Children, var: Path) -> str:
    """Starts the embedded broker with the night's topics; returns its address."""
    say("Starting an embedded Kafka broker ...")
    place = var / "broker"
    place.unlink(missing_ok=True)
    children.start(
        "broker", "broker.py", "--topics", ",".join((*night.TOPICS, night.SAID)), "--address-file", str(place)
    )
    _wait_for(children, lambda: place.exists() and place.read_text().strip() != "", "the broker")
    return place.read_text().strip()


def _play_and_check(children: Children, treasure_map: Fake, kafka: str, url: str, password: str) -> int:
    start = datetime.now(timezone.utc) - timedelta(seconds=night.LENGTH)
    steps = night.night(start)
    teams.look(treasure_map, start)
    say(f"Playing the night: {len(steps)} messages ...")
    player = Player(kafka)
    player.play(steps, start, _sleep, lambda line: None)
    return check(url, USER, password, start, steps, alive=lambda: (children.check(), player.beat()))


def _say_logs(children: Children) -> None:
    """The last words of those that did the work, for whoever looks for the reason of a fault."""
    for child in children.children:
        if child.name in ("listener", "worker"):
            say(f"---- {child.name}\n{child.last_words(SHOWN)}")


def _serve(children: Children, treasure_map: Fake, player: Player | None) -> int:
    """Plays the night and then sends heartbeats, until Ctrl-C or until a process ends by itself."""
    if player is not None:
        start = datetime.now(timezone.utc)
        steps = night.night(start)
        teams.look(treasure_map, start)
        say(f"The night begins: {len(steps)} messages in {night.LENGTH:.0f} s.")
        player.play(steps, start, lambda seconds: (_sleep(seconds), children.check()), say)
        say("The night is over; the TOM stays. Each `make demo` plays a new one; earlier ones stay in the database.")
    while True:
        children.check()
        if player is not None:
            player.beat()
        time.sleep(1)


def _sleep(seconds: float) -> None:
    if seconds > 0:
        time.sleep(seconds)


def _wait_for(children: Children, ready, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ready():
        children.check()
        if time.monotonic() > deadline:
            raise Trouble(f"{what} did not start in {PATIENCE:.0f} s; its log is in {children.logs}")
        time.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        page = Browser(url).get("/accounts/login/")
    except URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return False
        raise
    if page.status != 200:
        raise Trouble(f"The log-in page answers {page.answer}; more is in logs/web.log beside the database.")
    return True


def free_port() -> int:
    """A port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def taken_or(port: int) -> int:
    """The port, when it is free. Raises Trouble that says what to do when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise Trouble(
                f"Port {port} of {HOST} is taken or not allowed ({error}). Another demo may still run; "
                f"end it, or choose another port: make demo PORT={port + 1}"
            ) from error
    return port


if __name__ == "__main__":
    sys.exit(main())
