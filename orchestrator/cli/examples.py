"""What `--help` of each command, a group's own too, shows as examples; a test reads each with its parser."""

from __future__ import annotations

from typing import Final

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "validate": ("changeover validate plan.yaml", "changeover validate plan.yaml --show"),
    "submit": (
        "changeover submit plan.yaml",
        "changeover submit plan.yaml --wait",
        "changeover submit plan.yaml --skip-identical",
    ),
    "preview": ("changeover preview plan.yaml", "changeover preview plan.yaml --against-plan blue-to-green-1 --json"),
    "status": (
        "changeover status",
        "changeover status blue-to-green-1 --failed",
        "changeover status blue-to-green-1 --tenant 'eu-*' --limit 20 --page 2",
        "changeover status blue-to-green-1 --cause HealthCheckFailed -o yaml",
        "changeover status --plan blue-to-green-1 --wave canary",
        "changeover status acme",
    ),
    "events": (
        "changeover events blue-to-green-1",
        "changeover events --follow --type TaskFailed --type PlanFailed",
        "changeover events --tenant 'eu-*' --since 4711 --json",
    ),
    "watch": ("changeover watch blue-to-green-1",),
    "pause": ("changeover pause blue-to-green-1 --reason 'error rate is up' --wait", "changeover pause --tenant acme"),
    "resume": (
        "changeover resume blue-to-green-1",
        "changeover resume blue-to-green-1 --accept-failures --reason 'known, harmless'",
        "changeover resume --task blue-to-green-1.3 --wait",
    ),
    "approve": ("changeover approve blue-to-green-1 --wave canary --reason 'looks good'",),
    "reject": ("changeover reject blue-to-green-1 --wave canary --reason 'error rate is up'",),
    "cancel": ("changeover cancel blue-to-green-1 --reason 'wrong version'", "changeover cancel --tenant acme"),
    "retry": (
        "changeover retry blue-to-green-1 --wait",
        "changeover retry --task blue-to-green-1.5 --from-scratch",
    ),
    "rollback": ("changeover rollback blue-to-green-1 --wait", "changeover rollback --tenant acme --reason 'too slow'"),
    "freeze": (
        "changeover freeze --tenant 'eu-*' --for 2h --reason 'incident 4711'",
        "changeover freeze --label region=eu --every 'Mon-Fri 08:00-18:00 Europe/Berlin' --reason 'business hours'",
        "changeover freeze --all --from 2026-12-24T12:00:00Z --until 2027-01-02 --reason 'year end' --rollbacks-too",
    ),
    "unfreeze": ("changeover unfreeze freeze-3 --reason 'it is over'",),
    "freezes": ("changeover freezes", "changeover freezes --tenant eu-17"),
    "accept": (
        "changeover accept --plan blue-to-green-1 --cause 'Health*' --reason 'known: the monitor was down'",
        "changeover accept --tenant acme --reason 'it leaves us'",
    ),
    "skip-stage": ("changeover skip-stage --task blue-to-green-1.5 --reason 'done by hand'",),
    "exclude": ("changeover exclude --plan blue-to-green-1 --tenant 'x-*' --reason 'not ready'",),
    "audit": (
        "changeover audit --since 2026-11-01",
        "changeover audit --actor 'ada@*' --plan blue-to-green-1",
        "changeover audit --json > audit.jsonl",
    ),
    "webhooks": (
        "changeover webhooks",
        "changeover webhooks test ops",
        "changeover webhooks dead ops --json",
        "changeover webhooks resend ops",
    ),
    "explain": ("changeover explain blue-to-green-1", "changeover explain acme", "changeover explain --task plan-7.3"),
    "schema": ("changeover schema plan > plan.schema.json", "changeover schema events"),
    "config": ("changeover config", "changeover config --json"),
    "drift": ("changeover drift --plan blue-to-green-1", "changeover drift --tenant 'eu-*' --json"),
    "doctor": ("changeover doctor", "changeover doctor --json"),
    "token": (
        "changeover token create --name on-call --role operator --expires 90d",
        "changeover token list",
        "changeover token link on-call",
        "changeover token revoke on-call --reason 'left us'",
    ),
    "token create": (
        "changeover token create --name on-call --role operator --expires 90d",
        "changeover token create --name ci --role viewer --json",
    ),
    "token list": ("changeover token list", "changeover token list --json"),
    "token link": ("changeover token link on-call", "changeover token link --url https://changeover.example.com"),
    "token revoke": ("changeover token revoke on-call --reason 'left us'",),
    "console": ("changeover console", "changeover console --host 0.0.0.0 --port 8420"),
    "up": (
        "changeover up --demo",
        "changeover up --workers 4 --concurrency 8 --flower-port 5555",
    ),
    "coordinator": ("changeover coordinator", "changeover coordinator --metrics-port 9464"),
    "worker": ("changeover worker --pool threads --concurrency 16 -E",),
    "flower": ("changeover flower --port=5555",),
    "release": ("changeover release acme --reason 'its holder was killed by hand'",),
    "purge": ("changeover purge blue-to-green-1 --export blue-to-green-1.jsonl", "changeover purge --ended-before 90d"),
    "export": ("changeover export blue-to-green-1 > plan.jsonl",),
    "checkpoint": ("changeover checkpoint blue-to-green-1", "changeover checkpoint --task blue-to-green-1.3 --json"),
    "completion": ("source <(changeover completion bash)",),
}


def epilog_of(command: str) -> str | None:
    """The examples of a command as the end of its help, None where it has none."""
    lines = EXAMPLES.get(command)
    # \b: shown line by line, not as one paragraph.
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines) if lines else None
