"""Flower's options: read as Flower reads them, so that nothing is started that was not judged.

Who can reach it (loopback unless told otherwise, else with a password), which files decide what it does (none that lies
in the current folder by chance), and what its rows show.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.domain.naming import is_address, unknown
from orchestrator.files.private_file import NotPrivate, foreign_files_of_shelf, require_trusted
from orchestrator.settings.flower import EXPECTED, are_passwords

LOOPBACK: Final = "127.0.0.1"
COLUMNS: Final = "state,args,result,received,started,runtime,worker,uuid,exception"
"""Of the tasks page: ``args`` names tenant and stage, ``result`` those that the worker went on with; the name, which is
first by default, is the same in every row."""
_ADVICE: Final = (
    "is open to others, so it wants a password: set FLOWER_BASIC_AUTH=user:password (or FLOWER_AUTH_PROVIDER and "
    "FLOWER_AUTH), or leave the address out for 127.0.0.1"
)
_PREFIX: Final = "FLOWER_"
_HIDDEN: Final = ("basic_auth", "cookie_secret", "oauth2_secret", "broker_api")
"""Hold a secret, so they are handed on by environment, out of the list of processes."""
_LEVELS: Final = ("debug", "info", "warning", "error", "none")
_TRUE: Final = ("1", "true", "t", "yes", "y", "on")
_SWITCH: Final = (*_TRUE, "0", "false", "f", "no", "n", "off")


def guard_flower(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The arguments and the variables that Flower is to be started with.

    An option is read from the command line or its ``FLOWER_`` variable. A configuration file is a program: it is run
    only when ``--conf`` or ``FLOWER_CONF`` names one that nobody else can write, and the address is not its to decide.
    Raises ``InvalidInput`` for options that Flower does not know or take, for a file of somebody else's, and for an
    address that others can reach without a password.
    """
    given, problems = _read(arguments)
    chosen = {name: value for name, value in _variables(environment).items() if name not in given}
    for name, value in chosen.items():
        problems += _wrong_value(f"{_PREFIX}{name.upper()}", name, value)
    chosen |= given
    passwords = chosen.get("basic_auth", "")
    # A variable may be empty, as one of no use is; an option is not given for nothing.
    if (passwords or "basic_auth" in given) and not are_passwords(passwords):
        option = "--basic-auth" if "basic_auth" in given else f"{_PREFIX}BASIC_AUTH"
        problems.append(Problem(option, None, EXPECTED))
    problems += _foreign_files(chosen)
    address = chosen.get("address", LOOPBACK)
    if address and not is_address(address):
        problems.append(Problem("--address", address, "expected an address or a name of this machine"))
    # Flower opens its socket to every user of the machine.
    unix_socket = chosen.get("unix_socket")
    if unix_socket or not _is_loopback(address):
        if not passwords and not (chosen.get("auth_provider") and chosen.get("auth")):
            where, value = ("--unix-socket", unix_socket) if unix_socket else ("--address", address)
            problems.append(Problem(where, value, _ADVICE))
        if environment.get("FLOWER_UNAUTHENTICATED_API", "").lower() in _TRUE:
            problems.append(Problem("FLOWER_UNAUTHENTICATED_API", None, f"opens the API at {address!r} to others"))
    if problems:
        raise InvalidInput(problems)
    ours = {
        "address": address,
        # Flower would else run a flowerconfig.py of the current folder, whoever put it there.
        "conf": chosen.get("conf") or os.devnull,
        "tasks_columns": chosen.get("tasks_columns", COLUMNS),
    }
    if "read_only" in _options():
        # Since Flower 2.2. Workers take no orders from it, so its page offers none.
        ours["read_only"] = chosen.get("read_only", "true")
    shown = {name: value for name, value in given.items() if name not in _HIDDEN} | ours
    hidden = {f"{_PREFIX}{name.upper()}": chosen[name] for name in _HIDDEN if chosen.get(name)}
    return [f"--{name}={value}" for name, value in shown.items()], hidden


def _read(arguments: Sequence[str]) -> tuple[dict[str, str], list[Problem]]:
    """What the command line says, by option. Flower takes any number of dashes, ``_`` for ``-``, and the last one."""
    given: dict[str, str] = {}
    problems: list[Problem] = []
    left_open = False
    for argument in arguments:
        name, has_value, value = argument.lstrip("-").partition("=")
        option = name.replace("-", "_")
        if left_open and not argument.startswith("-"):
            # The value of the option before it, of which something is said already.
            left_open = False
            continue
        left_open = False
        if not argument.startswith("-"):
            problems.append(Problem("", argument, "expected --option=value"))
        elif option not in _options():
            problems.append(Problem(f"--{name}", None, unknown("option of Flower", name, _names())))
            left_open = not has_value
        elif not has_value and _kind(option) is not bool:
            problems.append(Problem(f"--{name}", None, f"expected --{name}=VALUE"))
            left_open = True
        else:
            given[option] = value if has_value else "true"
            problems += _wrong_value(f"--{name}", option, given[option])
    return given, problems


def _variables(environment: Mapping[str, str]) -> dict[str, str]:
    names = {name: name.removeprefix(_PREFIX).lower() for name in environment if name.startswith(_PREFIX)}
    return {option: environment[name] for name, option in names.items() if option in _options()}


def _wrong_value(where: str, option: str, value: str) -> list[Problem]:
    kind, parts = _kind(option), value.split(",") if _kind(option) is float else [value]
    message = ""
    if option == "port":
        if not (value.isascii() and value.isdecimal() and len(value) <= 5 and 0 < int(value) <= 65535):
            message = "must be a port, 1 to 65535"
    elif option == "logging":
        message = "" if value.lower() in _LEVELS else f"expected one of {', '.join(_LEVELS)}"
    elif kind is bool:
        message = "" if value.lower() in _SWITCH else "expected true or false"
    elif kind in (int, float):
        try:
            for part in parts:
                kind(part)
        except ValueError:
            message = "expected a whole number" if kind is int else "expected a number"
    return [Problem(where, value, message)] if message else []


def _foreign_files(chosen: Mapping[str, str]) -> list[Problem]:
    problems = []
    if chosen.get("conf"):
        try:
            require_trusted(Path(chosen["conf"]))
        except NotPrivate as error:
            problems.append(Problem("--conf", chosen["conf"], str(error)))
        except OSError as error:
            problems.append(Problem("--conf", chosen["conf"], f"cannot be read: {error.strerror}"))
    if chosen.get("persistent", "").lower() in _TRUE:
        problems += [Problem("--db", *found) for found in foreign_files_of_shelf(chosen.get("db", "flower"))]
    return problems


def _options() -> Any:
    # Loaded here, not above: it takes its time, and every command loads this package.
    from flower.options import default_options

    return default_options


def _names() -> list[str]:
    return [name for name in _options() if name not in ("help", "format-task")]


def _kind(option: str) -> type:
    # Tornado tells a type by no public way.
    found: type = _options()._options[option.replace("_", "-")].type
    return found


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        # A name may lead anywhere; nothing at all means every address of this machine.
        return False
