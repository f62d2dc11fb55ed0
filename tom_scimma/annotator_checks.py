"""System check of the annotators: each path leads to a function, and no two have one name."""

from __future__ import annotations

from django.core.checks import CheckMessage, Error, register

from tom_scimma.annotators import SHIPPED, Annotator
from tom_scimma.conf import conf


@register()
def annotators_check(app_configs, **kwargs) -> list[CheckMessage]:
    """TOM_SCIMMA["ANNOTATORS"]: what can be imported, called, and told apart."""
    from django.utils.module_loading import import_string

    problems: list[CheckMessage] = []
    names = {Annotator(path, dict).name: path for path in SHIPPED}
    own = conf.ANNOTATORS if isinstance(conf.ANNOTATORS, (list, tuple)) else ()  # E003 says it is not
    for path in own:
        try:
            run = import_string(path)
        except (ImportError, AttributeError, TypeError) as error:
            problems.append(_error(path, f"cannot be imported: {error}.", "Give the dotted path of a function."))
            continue
        name = Annotator(path, run).name
        if not callable(run):
            problems.append(
                _error(path, f"is a {type(run).__name__}.", "Give the path of a function (event, map) -> dict.")
            )
        elif names.setdefault(name, path) != path:
            hint = "Rename one of the functions; predicates tell annotators by their names."
            problems.append(_error(path, f"is called {name!r}, and so is {names[name]!r}.", hint))
    return problems


def _error(path: object, what: str, hint: str) -> Error:
    return Error(f"TOM_SCIMMA['ANNOTATORS']: {path!r} {what}", hint=hint, id="tom_scimma.E021")
