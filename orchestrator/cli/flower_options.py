"""Flower's options: who can reach it (loopback unless told otherwise, else with a password), and what its rows show."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Final

from orchestrator.domain.errors import InvalidInput, Problem

LOOPBACK: Final = "127.0.0.1"
COLUMNS: Final = "state,args,received,started,runtime,worker,uuid,exception"
"""Of the tasks page: ``args`` names tenant and stage; the name, by default the first, is the same in every row."""
_ADVICE: Final = (
    "is open to others, so it wants a password: set FLOWER_BASIC_AUTH=user:password (or FLOWER_AUTH_PROVIDER and "
    "FLOWER_AUTH), or leave the address out for 127.0.0.1"
)


def guard_flower(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The arguments and the variables that Flower is to be started with.

    An address is read from the command line or ``FLOWER_ADDRESS`` (a ``flowerconfig.py`` may be any program, and
    decides none of this). A password given as an option is handed on by environment, out of the list of processes.
    Raises ``InvalidInput`` for an address that others can reach without a password.
    """
    kept, given, passwords = [], dict[str, str](), list[str]()
    for argument in arguments:
        name, has_value, value = argument.partition("=")
        option = name.lstrip("-").replace("-", "_") if name.startswith("--") else ""
        if option == "basic_auth" and has_value:
            passwords += value.split(",")
            continue
        given[option] = value
        kept.append(argument)
    passwords = passwords or [one for one in environment.get("FLOWER_BASIC_AUTH", "").split(",") if one]

    def chosen(option: str) -> str | None:
        return given[option] if option in given else environment.get(f"FLOWER_{option.upper()}")

    problems = [
        Problem("--basic-auth", None, "expected user:password") for one in passwords if not all(one.partition(":")[::2])
    ]
    address = chosen("address")
    if address is None:
        address = LOOPBACK
        kept.append(f"--address={LOOPBACK}")
    if not _is_loopback(address) and not chosen("unix_socket"):
        if not passwords and not (chosen("auth_provider") and chosen("auth")):
            problems.append(Problem("--address", address, _ADVICE))
        if environment.get("FLOWER_UNAUTHENTICATED_API", "").lower() in ("1", "true", "t", "yes", "y", "on"):
            problems.append(Problem("FLOWER_UNAUTHENTICATED_API", None, f"opens the API at {address!r} to others"))
    if problems:
        raise InvalidInput(problems)
    if chosen("tasks_columns") is None:
        kept.append(f"--tasks-columns={COLUMNS}")
    return kept, {"FLOWER_BASIC_AUTH": ",".join(passwords)} if passwords else {}


def _is_loopback(address: str) -> bool:
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        # A name may lead anywhere; nothing at all means every address of this machine.
        return False
