"""One side of a comparison: a process of its own that times itself and answers, so that sides can take turns.

    with Side([python, "-m", "benchmarks.bare"], {"DATABASE_URL": url}, log) as side:
        side("store", map="S261121a") -> whatever its function returns

The child calls `serve({"store": function, ...})`. Questions and answers are JSON, a line each. It ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "benchmarks" / "work"


class Failed(RuntimeError):
    """A side could not do what it was asked; the text is its traceback."""


class Side:
    """A child process that answers questions."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path):
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **environment}
        self.log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )

    def __call__(self, question: str, **arguments: Any) -> Any:
        """Asks, and returns the answer. Raises Failed with the child's traceback."""
        try:
            self._process.stdin.write(json.dumps([question, arguments]).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has ended: the answer is empty and its log says why
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"{self._process.args} ended with {self._process.wait()}: {self.log.read_text()[-3000:]}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer["value"]

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *exc) -> None:
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process.stdout.close()


def serve(functions: Mapping[str, Callable[..., Any]]) -> None:
    """Answers questions until standard input ends. What libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        question, arguments = json.loads(line)
        try:
            answer = {"value": functions[question](**arguments)}
        except Exception:  # noqa: BLE001  handed over, and raised there
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
