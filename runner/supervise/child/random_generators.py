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

NUMPYS = "numpy's global generator"
_SEED_BITS = 64
"""The most bits of a seed: without one, numpy takes 128 random bits."""
_WORDS = 624
"""The 32-bit numbers in the state of a `random.Random`; when they are used up, the next ones are computed from them."""
MAX_STATES = 200
"""How many successive states of a `random.Random` are searched for its state after the target."""
MAX_ITEMS = 100
"""Larger lists, tuples and dicts are not searched: each item costs a forked process a part of a page."""
_ANY_SEED = r"Random\(\s*[^)\s]|\.seed\(\s*[^)\s]"


def generator_states(names: Mapping[str, object]) -> list[tuple[str, object, object]]:
    """Return the unseeded generators that a function with these globals can draw from: name, generator and state."""
    random, numpy_random = sys.modules.get("random"), sys.modules.get("numpy.random")
    kinds: tuple[type, ...] = () if random is None else (random.Random,)
    found: list[tuple[str, object]] = []
    if numpy_random is not None:
        kinds += (numpy_random.Generator, numpy_random.RandomState)
        # The target's module may have replaced the function.
        found.append((NUMPYS, getattr(numpy_random.get_state, "__self__", None)))
    if kinds:
        found += [(f"`{name}` of the module {module}", made) for module, name, made in _made(names, kinds)]
    each = {id(made): (name, made) for name, made in reversed(found)}
    return [
        (name, made, state)
        for name, made in each.values()
        if (state := _state(made)) is not None and not _has_seed(made)
    ]


def drawn(before: list[tuple[str, object, object]]) -> Iterator[tuple[str, int]]:
    """Return the names of the generators that have been used, each with a number that identifies the numbers drawn.

    A generator that was seeded meanwhile is left out: the seed is the cause of its numbers.
    """
    for name, made, state in before:
        now = _state(made)
        if now is None or now == state or _has_seed(made) or not _follows(made, state, now):
            continue
        import zlib  # here: most targets draw nothing

        yield name, zlib.crc32(f"{name}\n{state}\n{now}".encode())


def _made(names: Mapping[str, object], kinds: tuple[type, ...]) -> Iterator[tuple[str, str, object]]:
    """Return the generators in the globals, in other user modules among them, and in what these hold."""
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


def _made_in_module(module: ModuleType, kinds: tuple[type, ...]) -> Iterator[tuple[str, str, object]]:
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
    names: Mapping[str, object],
    name: str,
    value: type | list[object] | tuple[object, ...] | dict[object, object],
    kinds: tuple[type, ...],
) -> Iterator[tuple[str, str, object]]:
    """Return the generators that a user's class has as attributes, or a list, a tuple or a dict as items.

    Generators that do not store a seed are left out if the source seeds any of them: it may be this one.
    """
    if isinstance(value, type):
        module = sys.modules.get(value.__module__)
        is_stdlib = value.__module__.partition(".")[0] in sys.stdlib_module_names
        if module is None or is_stdlib or is_installed(getattr(module, "__file__", None)):
            return
        names, name = vars(module), value.__qualname__
        found = [(f"{name}.{key}", each) for key, each in vars(value).items() if isinstance(each, kinds)]
    elif len(value) > MAX_ITEMS or name.startswith("__"):
        return
    else:
        items = dict.items(value) if isinstance(value, dict) else enumerate(value)
        found = [(f"{name}[{key!r}]", each) for key, each in items if isinstance(each, kinds)]
    for place, made in found:
        if not (hasattr(made, "getstate") and _is_in_source(names, _ANY_SEED)):
            yield str(names.get("__name__")), place, made


def _gets_seed(names: Mapping[str, object], name: str) -> bool:
    """Return whether the source of a module seeds its generator of this name: a `random.Random` does not store its
    seed."""
    if not hasattr(names[name], "getstate"):
        return False
    return _is_in_source(names, rf"^{name}\b[^=\n]*=.*Random\(\s*[^)\s]|^{name}\.seed\(\s*[^)\s]")


def _is_in_source(names: Mapping[str, object], pattern: str) -> bool:
    """Return whether the source of a module matches this anywhere; False if it cannot be read."""
    import re  # here: each library that the supervisor loads makes every fork slower

    try:
        with open(str(names.get("__file__")), encoding="utf-8") as source:
            return re.search(pattern, source.read(), re.MULTILINE) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _state(made: object) -> object:
    """Return the state of a generator, as a value that can be compared and shown; None if it has none."""
    try:
        if hasattr(made, "getstate"):
            return made.getstate()[1]
        if hasattr(made, "bit_generator"):
            return _plain(made.bit_generator.state)
        return _plain(made.get_state(legacy=False)) if hasattr(made, "get_state") else None
    except Exception:  # `SystemRandom` has none, and the target may have replaced a generator by anything
        return None


def _plain(value: object) -> object:
    """Return arrays in a state as bytes, which are compared completely."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return value.tobytes() if hasattr(value, "tobytes") else value


def _has_seed(made: object) -> bool:
    """Return whether a numpy generator has been seeded."""
    if hasattr(made, "getstate"):
        return False
    bits = getattr(made, "bit_generator", None) or getattr(made, "_bit_generator", None)
    sequence = getattr(bits, "seed_seq", None)
    if sequence is None:  # after `seed`
        return True
    entropy = getattr(sequence, "entropy", 0)
    return not isinstance(entropy, int) or entropy.bit_length() <= _SEED_BITS


def _follows(made: object, state: object, now: object) -> bool:
    """Return whether a generator gets from one state to the other by drawing alone; a numpy generator's seed shows
    it."""
    if not hasattr(made, "getstate") or not isinstance(state, tuple) or not isinstance(now, tuple):
        return True
    from random import Random

    copy = Random()
    copy.setstate((3, state, None))
    for _ in range(MAX_STATES):
        if copy.getstate()[1][:_WORDS] == now[:_WORDS]:
            return True
        copy.getrandbits(32 * _WORDS)
    return False
