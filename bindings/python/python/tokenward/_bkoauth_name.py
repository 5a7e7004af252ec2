"""What `import bkoauth` gives.

Enters: the name that a program imports. After :func:`install_as_bkoauth` that name, and every module below it, is this package's own
``tokenward/bkoauth`` folder, whether or not a ``bkoauth`` is installed. No file of the installed one is touched.

The first name is the home of the modules. Every further one gives the same modules, since a Django model may exist once.

Django's checks are registered when Django loads them, and not by the app, so that a site which has the app nowhere in ``INSTALLED_APPS`` is
told of it. Nothing of Django is imported ahead of its time: gevent, for one, has to come before.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import List, Optional, Sequence, Set, Tuple

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bkoauth")


def install_as_bkoauth(name: str = "bkoauth") -> None:
    """Makes ``import bkoauth`` give Tokenward's. To be called in the first lines of ``manage.py``, ``wsgi.py`` and the like.

    ``name`` is for copies that live inside another package, as ``packages.bkoauth``. Calling it again changes nothing.
    """
    if not isinstance(name, str) or not all(part.isidentifier() for part in name.split(".")):
        raise ValueError(f"{name!r} is no name of a module")
    present = sys.modules.get(name)
    if present is not None and not _is_ours(present):
        place = getattr(present, "__file__", None) or "an unknown place"
        raise RuntimeError(
            f"{name} ({place}) was imported before install_as_bkoauth() was called{_importer(name, present)}: what took functions out of it "
            "keeps the old ones. Call tokenward.install_as_bkoauth() in the first lines of manage.py, wsgi.py, asgi.py and the Celery app, above "
            "every other import."
        )
    if _finder not in sys.meta_path or sys.meta_path[0] is not _finder:
        sys.meta_path[:] = [_finder] + [finder for finder in sys.meta_path if finder is not _finder]
    _finder.add(name)
    _callers.add(_caller())
    if _CHECKS in sys.modules:
        _register(sys.modules[_CHECKS])


_CHECKS = "django.core.checks"


def _register(checks: ModuleType) -> None:
    checks.register(_check)


def _check(app_configs: object = None, **options: object) -> List[object]:
    """What the module of the app finds, once the settings can be read."""
    found: List[object] = importlib.import_module(f"{_finder.home}.checks").settings_can_be_used()
    return found


# The modules that called it: where ``__main__`` alone did, what a server loads may lack the call.
_callers: Set[object] = set()


def _caller() -> object:
    """The module outside of this package that makes the call."""
    frame = sys._getframe(1)
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] == "tokenward":
        frame = frame.f_back
    return frame.f_globals.get("__name__")


def is_called_by_main_alone() -> bool:
    return _callers == {"__main__"}


def _importer(name: str, present: ModuleType) -> str:
    """Who has it under a name of its own, as far as that can be seen."""
    for holder in list(sys.modules.values()):
        file = getattr(holder, "__file__", None)
        if not file or holder is present or (holder.__name__ or "").startswith(name + "."):
            continue
        for held in list(vars(holder).values()):
            if held is present or (getattr(held, "__module__", None) or "").split(".")[0] == name and not isinstance(held, ModuleType):
                return f", by {file}"
    return " (most likely by INSTALLED_APPS)" if "django.apps" in sys.modules else ""


def _is_ours(module: ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    return file is not None and os.path.dirname(os.path.abspath(file)) == _FOLDER


class _Finder(MetaPathFinder):
    """The first name is found as a package in its folder, and what is below it by Python itself."""

    def __init__(self) -> None:
        self.home: Optional[str] = None
        self.others: Tuple[str, ...] = ()

    def add(self, name: str) -> None:
        if self.home is None:
            self.home = name
        elif name != self.home and name not in self.others:
            self.others += (name,)

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        if self.home is None:
            return None
        if fullname == _CHECKS:
            spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
            if spec is not None and spec.loader is not None:
                spec.loader = _Then(spec.loader)  # type: ignore[assignment]
            return spec
        if fullname == self.home:
            init = os.path.join(_FOLDER, "__init__.py")
            return importlib.util.spec_from_file_location(fullname, init, submodule_search_locations=[_FOLDER])
        for name in self.others:
            if fullname == name or fullname.startswith(name + "."):
                there = self.home + fullname[len(name) :]
                is_package = fullname == name or there.endswith(".migrations")
                return importlib.util.spec_from_loader(fullname, _Same(there), is_package=is_package)
        return None


class _Same(Loader):
    """Gives a module that is there under another name."""

    def __init__(self, there: str) -> None:
        self.there = there
        self.spec: Optional[ModuleSpec] = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.there)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has put the other name's specification on it.
        module.__spec__ = self.spec


class _Then:
    """Loads a module as its own loader does, and registers the check in it."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        # What asks the module for its loader later finds its own.
        module.__loader__ = self.loader
        if module.__spec__ is not None:
            module.__spec__.loader = self.loader
        self.loader.exec_module(module)
        _register(module)


_finder = _Finder()
