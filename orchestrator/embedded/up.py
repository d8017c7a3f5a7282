"""``changeover up``: a private Redis, one coordinator and workers in one terminal, kept alive until a stop signal."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from orchestrator.background.pulse import SYSTEMD_VARIABLE, tell_systemd
from orchestrator.domain.errors import InvalidInput, Problem
from orchestrator.embedded.child import ChildSpec
from orchestrator.embedded.console import Console
from orchestrator.embedded.demo.plans import Demo, guide_lines, write_demo_plans
from orchestrator.embedded.front_door import FrontDoor, front_door
from orchestrator.embedded.leftovers import end_leftovers
from orchestrator.embedded.ports import hold_port, require_free_port
from orchestrator.embedded.readiness import PRESENT_ROLES, IsReady, ended_plans, presence_check
from orchestrator.embedded.redis_start import await_answer, start_redis
from orchestrator.embedded.run_file import claim_folder, read_redis_url, remove_run_file, write_run_file
from orchestrator.embedded.signal_inbox import SignalInbox
from orchestrator.embedded.supervisor import StopAsked, Supervisor
from orchestrator.embedded.up_options import UpOptions
from orchestrator.ledger.alone import require_alone
from orchestrator.ledger.refusals import BROKER_VARIABLE, STATE_VARIABLE
from orchestrator.ledger.server_state import answering_pid, require_one_server
from orchestrator.secrets.masking import redact
from orchestrator.settings.amqp_url import is_amqp
from orchestrator.settings.checkpoint_store import require_store
from orchestrator.settings.connection_files import require_connection_files
from orchestrator.settings.environment import UP_VARIABLE
from orchestrator.settings.extensions import unusable_extensions
from orchestrator.settings.installed_steps import installed_steps
from orchestrator.settings.model import Settings
from orchestrator.settings.servers import Servers, find_servers
from orchestrator.settings.spoken import spoken

READY_ASKED_EVERY_SECONDS = 0.2
STILL_WAITING_AFTER_SECONDS = 20.0


def run_up(
    options: UpOptions,
    settings: Settings,
    *,
    is_ready: IsReady | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Run everything until SIGTERM or Ctrl-C; 0 when it was stopped so. Call it from the main thread.

    Raises ``InvalidInput`` (options, settings, data folder, ports, a second ``up``) or ``Unreachable`` (no Redis
    binary, a Redis that does not answer); nothing is left running then. ``is_ready`` stands in for the presence check.
    """
    options.check()
    require_store(settings, one_process=options.single_process)
    # Its processes would refuse one after the other.
    require_connection_files(settings)
    installed_steps()
    if broken := unusable_extensions(settings):
        raise InvalidInput(broken)
    folder = _absolute(options.data_dir or settings.data_dir)
    with SignalInbox() as inbox, claim_folder(folder):
        return _Up(options, settings, folder, inbox, clock).run(is_ready)


class _Up:
    def __init__(
        self, options: UpOptions, settings: Settings, folder: Path, inbox: SignalInbox, clock: Callable[[], float]
    ) -> None:
        self.options = options
        self.settings = settings
        self.folder = folder
        self.clock = clock
        self.out = Console(sys.stdout)
        # A frozen process ends itself first if it can: then it also says where it stood.
        frozen_seconds = settings.frozen_seconds * 1.5
        self.supervisor = Supervisor(inbox, self.out, self.keep_run_file, clock, frozen_seconds)
        self.servers: Servers | None = None
        self.demo: Demo | None = None
        self.front_door: FrontDoor | None = None
        self.console_url: str | None = None
        self.metrics: socket.socket | None = None

    def run(self, is_ready: IsReady | None) -> int:
        self.clear_leftovers()
        if self.options.demo and self.settings.redis_url is not None:
            setting = spoken(STATE_VARIABLE, find_servers(self.settings).redis_url)
            message = f"would write the demo's tenants into the Redis of {setting}; unset that"
            raise InvalidInput([Problem("--demo", None, message)])
        try:
            self.take_ports()
            servers = self.find_or_start_servers()
            if self.options.demo:
                self.write_demo(servers)
            self.start_changeover(servers)
            self.await_ready(is_ready or presence_check(servers.redis_url, self.settings.namespace))
            self.supervisor.all_came()
            self.say_ready(servers)
            for line in guide_lines(self.demo) if self.demo is not None else ():
                self.out.say(line)
            with contextlib.suppress(OSError):
                tell_systemd(b"READY=1")
            if self.front_door is not None:
                self.open_console(self.front_door, servers)
            while True:
                self.supervisor.attend()
        except StopAsked:
            self.out.say("stopping")
        finally:
            self.supervisor.stop(self.options.stop_seconds)
            self.give_up_ports()
            remove_run_file(self.folder)
        self.out.say("stopped")
        return 0

    def take_ports(self) -> None:
        """Held until the end, so that what answers there is ours; Flower takes its own, and says when it cannot."""
        options = self.options
        if options.flower_port is not None:
            require_free_port(options.flower_port, "--flower-port")
        if options.metrics_port is not None:
            self.metrics = hold_port(options.metrics_port, "--metrics-port", options.metrics_address)
        if options.console:
            self.front_door = front_door(options.console_port, self.settings)

    def give_up_ports(self) -> None:
        for holder in (self.front_door, self.demo):
            if holder is not None:
                holder.listener.close()
        if self.metrics is not None:
            self.metrics.close()

    def write_demo(self, servers: Servers) -> None:
        try:
            self.demo = write_demo_plans(self.folder, ended_plans(servers.redis_url, self.settings.namespace))
        except OSError as error:
            message = f"the demo's plans cannot be written: {error.strerror} ({error.filename})"
            raise InvalidInput([Problem("--data-dir", str(self.folder), message)]) from error

    def clear_leftovers(self) -> None:
        for pid in end_leftovers(self.folder):
            self.out.say(f"killed pid {pid}, left behind by an earlier `changeover up` of this folder")
        url = read_redis_url(self.folder)
        if self.settings.redis_url is None and url is not None and (pid_ := answering_pid(url)) is not None:
            message = f"an earlier Redis of this folder still runs at {redact(url)} (pid {pid_}); stop it first"
            raise InvalidInput([Problem("--data-dir", str(self.folder), message)])
        remove_run_file(self.folder)

    def find_or_start_servers(self) -> Servers:
        settings = self.settings
        if settings.redis_url is None:
            url = start_redis(self.supervisor, self.out, self.folder, self.options.redis_port, self.environment())
            settings = settings.model_copy(update={"redis_url": SecretStr(url)})
        servers = find_servers(settings)
        for url, variable in ((servers.redis_url, STATE_VARIABLE), (servers.broker_url, BROKER_VARIABLE)):
            if not is_amqp(url):
                await_answer(self.supervisor, self.out, url, variable)
            require_one_server(url, variable)
        # Each of its processes would refuse too, and be started again for ever.
        require_alone(settings, servers.redis_url)
        return servers

    def start_changeover(self, servers: Servers) -> None:
        environment = self.child_environment(servers)
        serves_metrics = "worker" if self.options.single_process else "coordinator"
        specs = [
            ChildSpec(
                role,
                name,
                command,
                environment,
                has_pulse=role in PRESENT_ROLES,
                listener=self.metrics if role == serves_metrics else None,
            )
            for role, name, command in self.options.commands()
        ]
        if self.demo is not None:
            command = self.options.fleet_command(self.demo.fleet_plan)
            specs.append(ChildSpec("fleet", "fleet", command, environment, listener=self.demo.listener))
        try:
            self.supervisor.start(specs)
            self.servers = servers
            write_run_file(self.folder, servers, self.pids())
        except OSError as error:
            raise InvalidInput([Problem("", None, f"cannot start: {error}")]) from error

    def open_console(self, door: FrontDoor, servers: Servers) -> None:
        """Last of all: plans move without it. Nobody is led to a door that is not open yet."""
        command = self.options.console_command(door.port)
        try:
            environment = self.child_environment(servers)
            self.supervisor.start([ChildSpec("console", "console", command, environment, listener=door.listener)])
        except OSError as error:
            raise InvalidInput([Problem("", None, f"cannot start: {error}")]) from error
        self.keep_run_file()
        while not door.is_open():
            self.supervisor.attend(READY_ASKED_EVERY_SECONDS)
        self.console_url = door.url
        self.keep_run_file()
        self.out.say(door.invitation(self.settings, servers.redis_url))

    def await_ready(self, is_ready: IsReady) -> None:
        remind_at = self.clock() + STILL_WAITING_AFTER_SECONDS
        while not (is_ready(self.pids()) and (self.demo is None or self.demo.is_there())):
            self.supervisor.attend(READY_ASKED_EVERY_SECONDS)
            if self.clock() >= remind_at:
                self.out.say("still waiting for coordinator and workers to report; their output is on stderr")
                remind_at = self.clock() + STILL_WAITING_AFTER_SECONDS

    def say_ready(self, servers: Servers) -> None:
        options = self.options
        self.out.say(
            f"ready: Redis {redact(servers.redis_url)}, 1 coordinator, {options.worker_count} x {options.concurrency} "
            f"{options.pool}, data in {self.folder}; Ctrl-C stops"
        )

    def keep_run_file(self) -> None:
        if self.servers is None:
            return
        try:
            write_run_file(self.folder, self.servers, self.pids(), self.console_url)
        except OSError as error:
            self.out.say(f"run.json cannot be written: {error.strerror}")

    def pids(self) -> dict[str, list[int]]:
        pids = {"redis": [], "coordinator": [], "worker": [], **self.supervisor.pids()}
        return {**pids, "coordinator": pids["worker"]} if self.options.single_process else pids

    def child_environment(self, servers: Servers) -> dict[str, str]:
        environment = self.environment() | {
            "CHANGEOVER_REDIS_URL": servers.redis_url,
            "CHANGEOVER_BROKER_URL": servers.broker_url,
            "PYTHONUNBUFFERED": "1",
        }
        # The systemd that started us hears from us alone.
        environment.pop(SYSTEMD_VARIABLE, None)
        return environment

    def environment(self) -> dict[str, str]:
        return os.environ | {UP_VARIABLE: str(self.folder)}


def _absolute(folder: Path) -> Path:
    """Without the links on the way to it; a link in its own place is left to be refused."""
    try:
        whole = Path(os.path.abspath(folder))
    except FileNotFoundError as error:
        raise InvalidInput([Problem("--data-dir", str(folder), "the current folder is gone; go to another")]) from error
    return Path(os.path.realpath(whole.parent)) / whole.name
