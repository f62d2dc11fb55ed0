"""The arrows between the parts, held by walking the imports; every subset of the apps boots.

Authority: the rules of the design.
"""

from __future__ import annotations

import ast
import functools
import itertools
import os
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TRUNK = "tom_scimma"
LEAVES = ("tom_hermes", "tom_treasuremap")
APPS = (TRUNK, *LEAVES)
KAFKA = {"hop", "confluent_kafka"}


@functools.cache
def sources(app: str) -> list[Path]:
    """Every Python file of an app."""
    found = sorted((ROOT / app).rglob("*.py"))
    assert found, f"{app} has no Python files"
    return found


@functools.cache
def nodes(path: Path) -> list[ast.AST]:
    """Every node of a file's syntax tree."""
    return list(ast.walk(ast.parse(path.read_text(), str(path))))


@functools.cache
def imports(path: Path) -> set[str]:
    """Top names of what a file imports, anywhere in it; relative imports count as those of its own app."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts
            found.add(package[0] if node.level else (node.module or "").split(".")[0])
    return found


def text_of(app: str) -> dict[Path, str]:
    """Python and template sources of an app."""
    return {path: path.read_text() for path in [*sources(app), *(ROOT / app).rglob("*.html")]}


@pytest.mark.parametrize("leaf", LEAVES)
def test_trunk_knows_no_leaf(leaf):
    assert {path for path in sources(TRUNK) if leaf in imports(path)} == set()
    # nor by a name in a string, which import_string or a template tag could follow
    allowed = {"checks.py"}  # names the packages whose import names collide with ours
    named = {path.name for path, text in text_of(TRUNK).items() if f"{leaf}." in text}
    assert named - allowed == set()


def test_leaves_do_not_know_each_other():
    for one, other in itertools.permutations(LEAVES, 2):
        assert {path for path in sources(one) if other in imports(path)} == set()


def test_only_stream_speaks_kafka():
    speaking = {str(path.relative_to(ROOT)) for app in APPS for path in sources(app) if KAFKA & imports(path)}
    assert speaking == {"tom_scimma/stream.py"}


def test_only_guard_fetches():
    http = {"requests", "urllib3", "httpx", "aiohttp"}
    fetching = {str(path.relative_to(ROOT)) for path in sources(TRUNK) if http & imports(path)}
    assert fetching <= {"tom_scimma/guard.py", "tom_scimma/session.py"}
    opening = {path.name for path in sources(TRUNK) if "urlopen" in path.read_text()}
    assert opening == set()


def test_nothing_invents_an_identity():
    made = {str(path.relative_to(ROOT)) for app in APPS for path in sources(app) if "uuid4(" in path.read_text()}
    assert made == set()


def test_broad_excepts_stand_only_in_the_outermost_loops():
    """The listener's and the worker's loops, the three places where one message, whatever is wrong with it, ends in
    quarantine, those where an annotator or a subscription's action, which may be somebody else's code, costs only itself,
    and the one where apprise, whose words may hold an address, is not quoted."""
    allowed = {
        "tom_scimma/acting.py",
        "tom_scimma/addresses.py",  # carries what was raised from one process to another
        "tom_scimma/annotate.py",
        "tom_scimma/channels.py",
        "tom_scimma/destinations/people.py",  # a picture that cannot be drawn costs the message nothing else
        "tom_scimma/drawing.py",  # the same, as words
        "tom_scimma/limit.py",  # carries what was raised from one thread to another
        "tom_scimma/listener.py",
        "tom_scimma/ingest.py",
        "tom_scimma/reading.py",
        "tom_scimma/replay.py",
        "tom_scimma/worker/lane.py",
    }
    for path in itertools.chain.from_iterable(map(sources, APPS)):
        for node in nodes(path):
            if isinstance(node, ast.ExceptHandler) and _catches_all(node):
                assert str(path.relative_to(ROOT)) in allowed, f"{path}:{node.lineno} catches everything"


def _catches_all(node: ast.ExceptHandler) -> bool:
    names = {item.id for item in ast.walk(node.type) if isinstance(item, ast.Name)} if node.type else {"Exception"}
    return bool(names & {"Exception", "BaseException"})


SUBSETS = [subset for size in range(4) for subset in itertools.combinations(APPS, size)]

#: prints the apps that booted, what a host has loaded once its URLs are known, and what `check` finds is an error
BOOT = """
import os, socket, sys, tempfile
def refuse(*args, **kwargs):
    raise RuntimeError("the network was used while starting")
connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo
socket.socket.connect = socket.getaddrinfo = refuse
sys.path.insert(0, {example!r})
os.environ["TOM_VAR"] = tempfile.mkdtemp()
from example_tom import settings as example
from django.conf import settings
values = {{name: getattr(example, name) for name in dir(example) if name.isupper()}}
values["INSTALLED_APPS"] = [app for app in example.INSTALLED_APPS if app not in {apps!r}] + list({subset!r})
values.pop("TOM_SCIMMA")
settings.configure(**values)
import django
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
loaded = sorted({{name.split(".")[0] for name in sys.modules}})
socket.socket.connect, socket.getaddrinfo = connect, getaddrinfo
from django.core.management import call_command
call_command("check", fail_level="WARNING")
from django.apps import apps
print(*loaded)
print(sorted(app.label for app in apps.get_app_configs() if app.label in {apps!r}))
"""


#: what a host loads by itself (a test looks), loaded once for all that are forked
SHARED = (
    "astropy.coordinates",
    "astropy.table",
    "django.test",
    "matplotlib.figure",
    "pandas",
    "plotly.graph_objs",
    "pyvo",
)

#: runs each code in a fork of its own, whose output is in files of its own; prints the exit codes
FORKS = """
import importlib, os, sys, traceback
for name in {shared!r}:
    importlib.import_module(name)
for number, code in enumerate({codes!r}):
    child = os.fork()
    if not child:
        for stream, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{folder}/{{number}}.{{name}}", os.O_CREAT | os.O_WRONLY), stream)
        try:
            exec(code, {{}})
            sys.stdout.flush()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def boot(subset: tuple[str, ...]) -> subprocess.CompletedProcess:
    """A TOM with these of our apps, in a process of its own."""
    return forked_boots()[subset] if subset else host()


def boot_code(subset: tuple[str, ...]) -> str:
    return BOOT.format(example=str(ROOT / "example_tom"), apps=APPS, subset=subset)


@functools.cache
def host() -> subprocess.CompletedProcess:
    """A TOM with none of our apps."""
    return python(boot_code(()))


@functools.cache
def forked_boots() -> dict[tuple[str, ...], subprocess.CompletedProcess]:
    subsets = [subset for subset in SUBSETS if subset]
    with tempfile.TemporaryDirectory() as folder:
        done = python(FORKS.format(shared=SHARED, codes=[boot_code(subset) for subset in subsets], folder=folder))
        assert done.returncode == 0, done.stderr
        found = {}
        for number, (subset, code) in enumerate(zip(subsets, done.stdout.split(), strict=True)):
            said = [Path(folder, f"{number}.{name}").read_text() for name in ("out", "err")]
            found[subset] = subprocess.CompletedProcess(subset, int(code), *said)
    return found


def python(code: str, **environment: str) -> subprocess.CompletedProcess:
    """Runs code in an interpreter of its own, in the project's folder."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "SECRET_KEY": "for tests only", "DATABASE_URL": "", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def needs_trunk(subset: tuple[str, ...]) -> bool:
    return TRUNK not in subset and bool(subset)


@pytest.mark.parametrize("subset", [subset for subset in SUBSETS if not needs_trunk(subset)], ids="+".join)
def test_subset_boots_and_passes_check(subset):
    done = boot(subset)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(sorted(subset)), done.stderr


@pytest.mark.parametrize("subset", [subset for subset in SUBSETS if needs_trunk(subset)], ids="+".join)
def test_leaf_without_the_trunk_says_what_is_missing(subset):
    """A leaf alone either boots, or says to install the trunk; it never fails with a riddle."""
    done = boot(subset)
    assert done.returncode == 0 or TRUNK in done.stderr, done.stderr


#: slow or reaching out when imported; the modules that need them import them where they are used
HEAVY = {"matplotlib", "mocpy", "hop", "confluent_kafka", "scipy", "pandas", "plotly", "fastavro", "lxml"}

#: each module in a fork of its own, so that what all of them may load (numpy) is loaded once; a line for each
QUIET = """
import numpy, os, socket, sys, traceback
def refuse(*args, **kwargs):
    raise RuntimeError("the network was used while importing")
socket.socket.connect = socket.getaddrinfo = refuse
before = set(sys.modules)
for module in {modules!r}:
    child = os.fork()
    if not child:
        try:
            __import__(module)
            print(module, *sorted({{name.split(".")[0] for name in set(sys.modules) - before}}), flush=True)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.waitpid(child, 0)
"""

#: pure: needs no Django to be imported
PURE = (
    "notice",
    "record",
    "errors",
    "decode",
    "skymap",
    "fold",
    "answers",
    "decision",
    "guard",
    "parsers",
    "translate",
    "times",
    "tidings",
    "hours",
    "limit",
    "galaxies.readers",
    "galaxies.normal",
    "galaxies.ranking",
    "galaxies.hosts",
)


@functools.cache
def alone() -> tuple[dict[str, set[str]], str]:
    """What each pure module loads when it is imported, by its name, and what went wrong."""
    done = python(QUIET.format(modules=[f"{TRUNK}.{module}" for module in PURE]))
    lines = [line.split() for line in done.stdout.splitlines()]
    return {name: set(loaded) for name, *loaded in lines}, done.stderr


@pytest.mark.parametrize("module", PURE)
def test_pure_module_imports_neither_django_nor_anything_heavy(module):
    loaded, wrong = alone()
    assert f"{TRUNK}.{module}" in loaded, wrong
    assert TRUNK in loaded[f"{TRUNK}.{module}"]
    assert loaded[f"{TRUNK}.{module}"] & (HEAVY | {"django"}) == set()


def test_no_file_is_compiled_with_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error", SyntaxWarning)
        warnings.simplefilter("error", DeprecationWarning)  # what an invalid escape is before Python 3.12
        for path in itertools.chain.from_iterable(map(sources, APPS)):
            compile(path.read_text(), str(path), "exec", dont_inherit=True)


def test_installing_the_apps_loads_nothing_heavy_and_uses_no_network():
    """What a TOM with our apps has loaded once its URLs are known, beyond what the host loads by itself."""
    loaded = []
    for subset in ((), APPS):
        done = boot(subset)
        assert done.returncode == 0, done.stderr
        loaded.append(set(done.stdout.splitlines()[-2].split()))
    alone, ours = loaded
    assert {name.split(".")[0] for name in SHARED} <= alone
    assert set(APPS) <= ours
    assert (ours - alone) & HEAVY == set()


def test_files_and_functions_stay_small():
    """The taste: files under 250 lines (blank ones not counted), no function over 60."""
    long_files, long_functions = {}, {}
    for path in itertools.chain.from_iterable(map(sources, APPS)):
        if "migrations" in path.parts:
            continue
        lines = path.read_text().splitlines()
        name = str(path.relative_to(ROOT))
        full = sum(bool(line.strip()) for line in lines)
        if full >= 250:
            long_files[name] = full
        for node in nodes(path):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 60:
                    long_functions[f"{name}:{node.name}"] = length
    assert long_files == {}
    assert long_functions == {}
