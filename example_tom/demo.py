"""`make demo`: a TOM with an embedded broker, a listener, and a night of alerts to look at.

    python example_tom/demo.py --port 8000     serves until Ctrl-C
    python example_tom/demo.py --check         plays the night at once, checks every page over HTTP, ends; 0: all is well
    python example_tom/demo.py --live          listens to the real Hopskotch instead, in dry run

The database, the secret key, the password and the logs are in demo/ (TOM_VAR names another folder); `--check` uses a
temporary one. Everything runs on the loopback interface.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import leash
import night
from children import Children, Fallen
from democheck import check
from player import Player

HOST = "127.0.0.1"
USER = "demo"
#: how long a part may take to start, seconds
PATIENCE = 90.0


class Trouble(Exception):
    """Something that the person at the keyboard can change; its text says how."""


def say(text: str = "") -> None:
    print(text, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Runs the demo; returns the exit status."""
    options = _options(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    leash.hold(os.getppid())
    try:
        if options.check:
            with tempfile.TemporaryDirectory(prefix="tom-demo-") as var:
                return run(Path(var), free_port(), options)
        var = Path(os.environ.get("TOM_VAR") or Path(__file__).resolve().parent.parent / "demo")
        return run(var, taken_or(options.port), options)
    except (Trouble, Fallen) as trouble:
        say(f"\n{trouble}")
        return 1
    except KeyboardInterrupt:
        say("\nThe demo has ended; nothing of it runs any more.")
        return 1 if options.check else 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--live", action="store_true")
    return parser.parse_args(arguments)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def run(var: Path, port: int, options: argparse.Namespace) -> int:
    """Starts everything, plays the night, serves or checks; every process it started has ended when this returns."""
    var.mkdir(parents=True, exist_ok=True)
    url = f"http://{HOST}:{port}"
    password = _password(var)
    with Children(var / "logs", {"TOM_VAR": str(var), "DEMO_PASSWORD": password}) as children:
        kafka = "live" if options.live else _broker(children, var)
        children.environment["TOM_KAFKA"] = kafka
        _prepare(children, options.live)
        say("Starting the listener and the web server ...")
        children.start("listener", "manage.py", "listen", DEBUG="0")
        children.start("web", "manage.py", "runserver", "--noreload", f"{HOST}:{port}")
        _wait_for(children, lambda: _answers(f"{url}/accounts/login/"), "the web server")
        if options.check:
            return _play_and_check(children, kafka, url, password)
        say(f"\n  {url}/events/\n  log in as {USER} with the password {password}\n  Ctrl-C ends the demo.\n")
        if options.live:
            say("Listening to Hopskotch, in dry run: nothing leaves this TOM. What comes shows on the pages.")
        return _serve(children, None if options.live else Player(kafka))


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
    children.start("broker", "broker.py", "--topics", ",".join(night.TOPICS), "--address-file", str(place))
    _wait_for(children, lambda: place.exists() and place.read_text().strip() != "", "the broker")
    return place.read_text().strip()


def _prepare(children: Children, live: bool) -> None:
    say("Preparing the database (half a minute the first time) ...")
    children.run("migrate", "manage.py", "migrate", "--verbosity", "1")
    children.run("setdemo", "manage.py", "setdemo", "--user", USER, *(["--live"] if live else []), quote=live)


def _play_and_check(children: Children, kafka: str, url: str, password: str) -> int:
    start = datetime.now(timezone.utc) - timedelta(seconds=night.LENGTH)
    steps = night.night(start)
    say(f"Playing the night: {len(steps)} messages ...")
    player = Player(kafka)
    player.play(steps, start, _sleep, lambda line: None)
    return check(url, USER, password, start, steps, alive=lambda: (children.check(), player.beat()))


def _serve(children: Children, player: Player | None) -> int:
    """Plays the night and then sends heartbeats, until Ctrl-C or until a process ends by itself."""
    if player is not None:
        start = datetime.now(timezone.utc)
        steps = night.night(start)
        say(f"The night begins: {len(steps)} messages in {night.LENGTH:.0f} s.")
        player.play(steps, start, lambda seconds: (_sleep(seconds), children.check()), say)
        say(
            "The night is over; the TOM stays. Every `make demo` plays a new one, and earlier ones stay in the database."
        )
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
        with urlopen(url, timeout=PATIENCE) as response:
            return response.status == 200
    except URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return False
        raise Trouble(f"{url} answers with {error}; its log is beside the database, in logs/web.log") from error


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
