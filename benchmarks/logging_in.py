"""Log in with SCiMMA in 50 groups: our own time, from the issuer's answer to the page that follows."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.figure import Figure, same
from benchmarks.side import serve

NAME = "login:50-groups"
NAMES = (NAME,)
GROUPS = 50


def figures(ground: Bench, wanted: set[str]) -> Iterator[Figure]:
    """The callback of a log-in whose claim lists 50 mapped groups: the first, in which they are joined, and later ones, half of
    which are other groups than before. Without the time that the stand-in's answers took; every check of the token is in it.
    """
    environment = {**ground.database("login"), "DJANGO_SETTINGS_MODULE": "benchmarks.logging_in_settings"}
    side = ground.side("logging_in", environment)
    side("migrate")
    took = side("log_ins", times=5 if ground.quick else 30)
    same("groups", took["groups"], GROUPS)
    worst, middle = max(took["seconds"]) * 1e3, statistics.median(took["seconds"]) * 1e3
    yield Figure(NAME, "ms", worst, "<= 300", worst, note=f"worst of {len(took['seconds'])}, median {middle:.0f} ms")


def migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def log_ins(times: int) -> dict:
    """Seconds of each log-in's callback without the waits for the issuer, and in how many mapped groups the person is at the end."""
    import requests
    from allauth.socialaccount.models import SocialAccount
    from django.conf import settings
    from django.test import Client

    from tom_scimma.fake_services.issuer import Issuer

    waits: list[float] = []
    ask = requests.Session.request

    def timed(*args, **kwargs):
        began = time.perf_counter()
        try:
            return ask(*args, **kwargs)
        finally:
            waits.append(time.perf_counter() - began)

    names = [f"/g{number}" for number in range(2 * GROUPS)]
    settings.TOM_SCIMMA = {"LOGIN_GROUPS": {name: name[1:] for name in names}}
    seconds = []
    with Issuer() as issuer:
        app = {"provider_id": "scimma", "name": "SCiMMA", "client_id": issuer.client_id, "secret": issuer.secret}
        app["settings"] = {"server_url": issuer.url}
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
        for number in range(-1, times):
            issuer.person |= {"sub": "somebody" if number >= 0 else "first", "email": f"{number >= 0}@example.org"}
            client, begin = Client(), GROUPS // 2 * (number % 2)
            issuer.person["groups"] = names[begin : begin + GROUPS]
            address = client.post("/accounts/oidc/scimma/login/").headers["Location"]
            back = requests.get(address, allow_redirects=False, timeout=10).headers["Location"]
            waits.clear()
            requests.Session.request = timed
            began = time.perf_counter()
            answer = client.get(back.removeprefix("http://testserver"))
            if number >= 0:  # the first of all, somebody else, finds a TOM that was started just now
                seconds.append(time.perf_counter() - began - sum(waits))
            requests.Session.request = ask
            same("status", answer.status_code, 302)
    person = SocialAccount.objects.get(uid="somebody").user
    return {"seconds": seconds, "groups": person.groups.filter(name__startswith="g").count()}


if __name__ == "__main__":
    import django

    django.setup()
    serve({"migrate": migrate, "log_ins": log_ins})
