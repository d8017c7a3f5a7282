"""`completion`: prints what makes the shell's Tab key complete commands, options and ids of plans."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from orchestrator.cli.output import print_block
from orchestrator.domain.errors import InvalidInput, Problem

SHELLS: Final = ("bash", "zsh", "fish")
PROGRAM: Final = "changeover"
COMPLETION_VARIABLE: Final = "_CHANGEOVER_COMPLETE"
"""Set by that script when the shell asks us."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("completion")(print_completion)


def print_completion(
    shell: Annotated[
        str,
        typer.Argument(
            metavar="|".join(SHELLS), show_default=False, help="Your shell.", autocompletion=lambda: list(SHELLS)
        ),
    ],
) -> None:
    """Print the script that completes commands, options and ids with the Tab key.

    \b
      bash  in ~/.bashrc:  source <(changeover completion bash)
      zsh   in ~/.zshrc, after compinit:
                           source <(changeover completion zsh)
      fish  in ~/.config/fish/config.fish:
                           changeover completion fish | source
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    if shell not in SHELLS:
        raise InvalidInput([Problem("SHELL", shell, f"expected one of {', '.join(SHELLS)}")])
    print_block(get_completion_script(prog_name=PROGRAM, complete_var=COMPLETION_VARIABLE, shell=shell))
