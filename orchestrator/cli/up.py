"""``changeover up``: everything in one terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from orchestrator.embedded.up_options import Pool, UpOptions


def up(
    workers: Annotated[
        int | None, typer.Option(help="Worker processes; 2, or 1 with --single-process.", show_default=False)
    ] = None,
    # Checked with the other options, so that all that is wrong is said at once.
    pool: Annotated[str, typer.Option(metavar="|".join(get_args(Pool)), help="How a worker runs stages.")] = "threads",
    concurrency: Annotated[int, typer.Option(help="Stages that one worker runs at a time.")] = 4,
    flower_port: Annotated[int | None, typer.Option(help="Start Flower too, on this loopback port.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the private Redis and run.json live; ./.changeover if not given.")
    ] = None,
    redis_port: Annotated[int | None, typer.Option(help="Port of the private Redis; a free one if not given.")] = None,
    metrics_port: Annotated[int | None, typer.Option(help="Serve Prometheus metrics on this port.")] = None,
    metrics_address: Annotated[str, typer.Option(help="The address that they are served on.")] = "127.0.0.1",
    console: Annotated[
        bool, typer.Option(help="Start the console, the page for people and its API, on loopback.")
    ] = True,
    console_port: Annotated[
        int | None, typer.Option(help="Its port; 8420, or a free one if that is taken.", show_default=False)
    ] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Also play twelve tenants, and write plans that move them.")
    ] = False,
    single_process: Annotated[
        bool, typer.Option("--single-process", help="Coordinator and stages in one process; allows the memory store.")
    ] = False,
) -> None:
    """Start a private Redis, a coordinator, workers and a console, and keep them alive until Ctrl-C or SIGTERM.

    With CHANGEOVER_REDIS_URL set, that server is used and none is started.
    """
    from orchestrator.embedded.up import run_up
    from orchestrator.settings.model import load_settings

    options = UpOptions(
        workers,
        cast(Pool, pool),
        concurrency,
        flower_port,
        data_dir,
        redis_port,
        single_process=single_process,
        metrics_port=metrics_port,
        metrics_address=metrics_address,
        console=console,
        console_port=console_port,
        demo=demo,
    )
    raise typer.Exit(run_up(options, load_settings()))
