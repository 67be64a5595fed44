"""Find the random generators that a target's module uses, and detect which ones the target draws from.

Children import this module if their targets are a user's functions.
"""

from __future__ import annotations

import sys
from types import ModuleType

from runner.supervise.child.skipped_cleanup import is_installed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

NUMPYS = "numpy's global generator"
_SEED_BITS = 64
"""The most bits of a seed: without one, numpy takes 128 random bits."""
_WORDS = 624
"""Numbers of 32 bits in the state of a `random.Random`; when they are used up, the next ones follow from them."""
MOST_STATES = 200
"""How many such states of a `random.Random` are looked through for the one that it has after the target."""
MOST_ITEMS = 100
"""Of a list, a tuple or a dict that holds more, no item is looked at: each costs a forked process a part of a page."""
_ANY_SEED = r"Random\(\s*[^)\s]|\.seed\(\s*[^)\s]"


def states_of(names: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The generators without a seed that a function with these globals can draw from: name, generator and state."""
    random, numpy_random = sys.modules.get("random"), sys.modules.get("numpy.random")
    kinds: tuple[type, ...] = () if random is None else (random.Random,)
    found: list[tuple[str, Any]] = []
    if numpy_random is not None:
        kinds += (numpy_random.Generator, numpy_random.RandomState)
        # The target's module may have put another function in its place.
        found.append((NUMPYS, getattr(numpy_random.get_state, "__self__", None)))
    if kinds:
        found += [(f"`{name}` of the module {module}", made) for module, name, made in _made(names, kinds)]
    each = {id(made): (name, made) for name, made in reversed(found)}
    return [
        (name, made, state)
        for name, made in each.values()
        if (state := _state(made)) is not None and not _has_seed(made)
    ]


def drawn(before: list[tuple[str, Any, Any]]) -> Iterator[tuple[str, int]]:
    """The names of the generators that have been drawn from, each with a number that tells which numbers these were.

    A generator that got a seed meanwhile is left out: the seed is the cause of its numbers.
    """
    for name, made, state in before:
        now = _state(made)
        if now is None or now == state or _has_seed(made) or not _follows(made, state, now):
            continue
        import zlib  # here: most targets draw nothing

        yield name, zlib.crc32(f"{name}\n{state}\n{now}".encode())


def _made(names: Mapping[str, Any], kinds: tuple[type, ...]) -> Iterator[tuple[str, str, Any]]:
    """Generators in the globals, in other modules of the user's there, and in what these hold."""
    module = str(names.get("__name__"))
    for name, value in list(names.items()):
        if isinstance(value, kinds):
            yield from [] if _gets_seed(names, name) else [(module, name, value)]
        elif isinstance(value, ModuleType):
            yield from _made_in_module(value, kinds)
        elif isinstance(value, type | list | tuple | dict):
            yield from _held(names, name, value, kinds)
        elif type(value).__module__ == module and hasattr(value, "__dict__"):
            yield from ((module, f"{name}.{key}", each) for key, each in vars(value).items() if isinstance(each, kinds))


def _made_in_module(module: ModuleType, kinds: tuple[type, ...]) -> Iterator[tuple[str, str, Any]]:
    top = module.__name__.partition(".")[0]
    if top in sys.stdlib_module_names or top == "numpy":
        return
    is_users = not is_installed(getattr(module, "__file__", None))
    for name, value in list(vars(module).items()):
        if isinstance(value, kinds):
            yield from [] if _gets_seed(vars(module), name) else [(module.__name__, name, value)]
        elif is_users and isinstance(value, type | list | tuple | dict):
            yield from _held(vars(module), name, value, kinds)


def _held(
    names: Mapping[str, Any],
    name: str,
    value: type | list[Any] | tuple[Any, ...] | dict[Any, Any],
    kinds: tuple[type, ...],
) -> Iterator[tuple[str, str, Any]]:
    """Generators that a class of the user's has as attributes, or a list, a tuple or a dict as items.

    Of those that keep no seed there is none where the source gives a seed to any: it may be to this one.
    """
    if isinstance(value, type):
        module = sys.modules.get(value.__module__)
        is_stdlib = value.__module__.partition(".")[0] in sys.stdlib_module_names
        if module is None or is_stdlib or is_installed(getattr(module, "__file__", None)):
            return
        names, name = vars(module), value.__qualname__
        found = [(f"{name}.{key}", each) for key, each in vars(value).items() if isinstance(each, kinds)]
    elif len(value) > MOST_ITEMS or name.startswith("__"):
        return
    else:
        items = dict.items(value) if isinstance(value, dict) else enumerate(value)
        found = [(f"{name}[{key!r}]", each) for key, each in items if isinstance(each, kinds)]
    for place, made in found:
        if not (hasattr(made, "getstate") and _is_in_source(names, _ANY_SEED)):
            yield str(names.get("__name__")), place, made


def _gets_seed(names: Mapping[str, Any], name: str) -> bool:
    """Whether the source of a module gives a seed to its generator of this name: a `random.Random` keeps none."""
    if not hasattr(names[name], "getstate"):
        return False
    return _is_in_source(names, rf"^{name}\b[^=\n]*=.*Random\(\s*[^)\s]|^{name}\.seed\(\s*[^)\s]")


def _is_in_source(names: Mapping[str, Any], pattern: str) -> bool:
    """Whether the source of a module matches this anywhere; False where it cannot be read."""
    import re  # here: each library that the supervisor loads makes every fork dearer

    try:
        with open(str(names.get("__file__")), encoding="utf-8") as source:
            return re.search(pattern, source.read(), re.MULTILINE) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _state(made: Any) -> Any:
    """The state of a generator, as something that can be compared and shown; None where there is none to be had."""
    try:
        if hasattr(made, "getstate"):
            return made.getstate()[1]
        return _plain(made.bit_generator.state if hasattr(made, "bit_generator") else made.get_state(legacy=False))
    except Exception:  # `SystemRandom` has none, and the target may have put anything in a generator's place
        return None


def _plain(value: Any) -> Any:
    """Arrays in a state as bytes, which are shown whole."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value.tobytes() if hasattr(value, "tobytes") else value


def _has_seed(made: Any) -> bool:
    """Whether a generator of numpy's has been given a seed."""
    if hasattr(made, "getstate"):
        return False
    bits = made.bit_generator if hasattr(made, "bit_generator") else made._bit_generator
    sequence = getattr(bits, "seed_seq", None)
    if sequence is None:  # after `seed`
        return True
    entropy = getattr(sequence, "entropy", 0)
    return not isinstance(entropy, int) or entropy.bit_length() <= _SEED_BITS


def _follows(made: Any, state: Any, now: Any) -> bool:
    """Whether a generator comes from one state into the other by drawing alone; of numpy's the seed says it."""
    if not hasattr(made, "getstate"):
        return True
    from random import Random

    copy = Random()
    copy.setstate((3, state, None))
    for _ in range(MOST_STATES):
        if copy.getstate()[1][:_WORDS] == now[:_WORDS]:
            return True
        copy.getrandbits(32 * _WORDS)
    return False
