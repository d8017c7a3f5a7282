"""Draws tenants, groups and plans: waves with soaks and gates, breakers, rates, priorities, few slots or many."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any, Final

from orchestrator.fleet.rules import FleetRules, Tolerance, Wave
from orchestrator.fleet.start_rules import StartRules
from tests.support.ledger_world import LedgerWorld

GROUPS: Final = ("g0", "g1", "g2")
MOST_PLANS: Final = 4
HTTP_GATE: Final = '{"url":"http://x","interval":1,"timeout":100000}'
BREACHES: Final = ("pause", "pause", "cancel", "rollback_wave", "rollback_plan")


class RandomFleet:
    """Of one world; all that it draws comes from ``random``."""

    def __init__(self, world: LedgerWorld, random: Random) -> None:
        self.world = world
        self.random = random
        self.limit_groups()
        self.tenants = [f"t{number}" for number in range(random.randint(3, 8))]
        self.traits: dict[str, dict[str, Any]] = {name: self._trait() for name in self.tenants}
        self._plans = 0

    def _trait(self) -> dict[str, Any]:
        groups = self.random.sample(GROUPS, self.random.randint(0, 3))
        return {"groups": groups, "labels": {"ring": self.random.choice("ab")}}

    def limit_groups(self) -> None:
        """Other caps, over all plans; a group may have none."""
        some = {name: (self.random.randint(1, 3) if self.random.random() < 0.8 else 0) for name in GROUPS}
        self.world.limit_groups({name: cap for name, cap in some.items() if cap})

    def submit(self) -> str:
        """One more plan; what it is in words, "" when there are enough."""
        if self._plans >= MOST_PLANS:
            return ""
        random = self.random
        names = random.sample(self.tenants, random.randint(1, len(self.tenants)))
        wave_of = self._wave_of(len(names))
        rules = self._rules(len(names), wave_of)
        plan_id, slots = f"p{self._plans}", random.choice([1, 1, 2, 3, 8])
        self._plans += 1
        traits = {name: {kind: found for kind, found in self.traits[name].items() if found} for name in names}
        self.world.plan(
            plan_id,
            names,
            traits=traits,
            wave_of=wave_of,
            rules=rules,
            max_concurrency=slots,
            snapshot=random.random() < 0.9,
            stages=["one", "two"][: random.randint(1, 2)],
        )
        return f"{plan_id} {names} {wave_of} {rules} {slots}"

    def _wave_of(self, tenants: int) -> list[int]:
        """The wave of each tenant; none has nobody."""
        waves = min(self.random.choice([0, 0, 1, 2, 3]), tenants)
        if not waves:
            return []
        found = list(range(waves)) + [self.random.randrange(waves) for _ in range(tenants - waves)]
        self.random.shuffle(found)
        return found

    def _rules(self, tenants: int, wave_of: list[int]) -> FleetRules:
        random = self.random
        waves = tuple(self._wave(index, wave_of.count(index)) for index in range(len(set(wave_of))))
        limits = {name: random.randint(1, 2) for name in GROUPS if random.random() < 0.2}
        priority = random.choice([0, 0, 5, -100, 100])
        rate = random.choice([None, None, None, 60_000])
        not_before = None
        if random.random() < 0.15:
            not_before = self.world.reader.now() + timedelta(milliseconds=random.randint(-5, 10))
        pace = StartRules(limits, priority, rate, not_before, None)
        return FleetRules(tenants, self._tolerance(), random.choice(BREACHES), waves, pace, random.random() < 0.3)

    def _wave(self, index: int, tenants: int) -> Wave:
        random = self.random
        slots = random.choice([None, None, 1, 2])
        tolerance, soak = self._tolerance(), random.choice([None, 0.001])
        gate = random.choice(["", "", "manual", HTTP_GATE])
        return Wave(f"w{index}", tenants, slots, tolerance, soak, gate=gate)

    def _tolerance(self) -> Tolerance | None:
        borne = Tolerance(self.random.randint(0, 2), strict=self.random.random() < 0.5)
        return self.random.choice([None, borne])
