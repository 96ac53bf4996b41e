"""Public names: ``__all__`` is sorted and true, and what users call is documented."""

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import evalwidget

MODULES = ["evalwidget", *(found.name for found in pkgutil.walk_packages(evalwidget.__path__, "evalwidget."))]
#: Packages that hold modules and no names of their own.
BARE = {
    f"evalwidget.{room}" for room in ("dataframes", "diagnosis", "dynamics", "scoring", "widget", "widget.overlays")
}


def isort_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as ruff's RUF022 sorts ``__all__``."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


@pytest.mark.parametrize("name", sorted(set(MODULES) - BARE))
def test_names_are_sorted_and_there(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    assert module.__all__ == sorted(module.__all__, key=isort_key)
    for public in module.__all__:
        assert hasattr(module, public)


@pytest.mark.parametrize("name", sorted(set(MODULES) - BARE - {"evalwidget"}))
def test_every_public_class_and_function_of_a_module_is_named(name: str) -> None:
    module = importlib.import_module(name)
    own = {
        public
        for public, value in vars(module).items()
        if not public.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == name
    }
    assert own <= set(module.__all__)


def documented(module: ModuleType) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            found.append((name, value))
        if inspect.isclass(value):
            for part, member in vars(value).items():
                if not part.startswith("_") and (callable(member) or isinstance(member, (property, classmethod))):
                    found.append((f"{name}.{part}", member))
    return found


#: Said by its name.
SELF_EVIDENT = {"Run.name"}


def test_everything_that_users_call_is_documented() -> None:
    bare = {name for name, value in documented(evalwidget) if not (getattr(value, "__doc__", None) or "").strip()}
    assert bare <= SELF_EVIDENT
    assert len(documented(evalwidget)) > 15
