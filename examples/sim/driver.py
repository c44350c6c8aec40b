"""Somebody who drives by ear: hears the words only, understands them after a while, and does about what they say."""
from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

import numpy as np

FOOT = 0.3048
WORDS_A_SECOND = 2.5            # 150 a minute
NUMBERS = {name: i for i, name in enumerate((
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"))} | {"a": 1}
AMOUNTS = {"a quarter turn": 0.25, "half a turn": 0.5, "three quarters": 0.75, "one turn": 1.0, "one and a half": 1.5,
           "two turns": 2.0, "all the way": 3.0}
CRUISE, CREEP, BACK = 0.6, 0.35, -0.3       # m/s
STOPPED = 4.0                   # s a driver looks around after a stop, then asks what comes next
GOES_ON = 8.0                   # s after which nobody waits any longer
HOLDS = 6.0                     # m for which a wheel is held as told; then the driver follows the trail again
REMEMBERS = 15.0                # s a turn that was announced is known when it comes
LOOKS_AHEAD = 3.0               # m, of somebody who follows a trail


@dataclass(frozen=True)
class Skill:
    """How well somebody listens and steers."""

    name: str
    reaction: float             # s from having understood to doing it
    steer_error: float          # sd of the amount turned, relative
    mishears: float             # how often a distance is taken for another
    way_error: float            # sd of a distance that is rolled, relative
    wheel_rate: float           # turns of the steering wheel a second


SKILLS = (Skill("practised", 0.7, 0.05, 0.0, 0.08, 1.0), Skill("usual", 1.0, 0.12, 0.03, 0.15, 0.8),
          Skill("beginner", 1.5, 0.2, 0.08, 0.25, 0.6))


@dataclass
class Driver:
    """Drives down the trail as it lies until told otherwise."""

    skill: Skill
    ratio: float                # steering wheel over road wheel
    max_steer: float            # rad
    wheelbase: float
    rng: np.random.Generator
    speed: float = CRUISE       # wanted
    held: float | None = None   # road-wheel angle told, rad; None = follows the trail
    held_from: float = 0.0      # distance when it was told, m
    until: float | None = None  # distance until which to creep or back up, m
    stops: bool = False         # and then stop and wait
    stopped: float | None = None    # when the stop was made, s
    asked: bool = False
    steer: float = 0.0          # where the wheels are turned to by hand now, rad
    words: int = 0
    standing: bool = False      # turns the wheel before moving on
    prepared: tuple[float, str] = (-1e9, "")    # when a turn was announced, and what
    pending: list[tuple[float, str]] = field(default_factory=list)

    def hear(self, t: float, text: str) -> None:
        """Words begin at t. A stop is understood with its first word, everything else when its action has been said."""
        self.words += len(text.split())
        action = re.split(r", now|: [a-z ]+ is close", text)[0]
        known = t - self.prepared[0] < REMEMBERS and action.lower() in self.prepared[1]
        understood = 1 if text.startswith("Stop") or known else len(action.split())
        if text.startswith("In "):
            self.prepared = t, text
        self.pending.append((t + understood / WORDS_A_SECOND + self.skill.reaction, text))

    def drive(self, t: float, dt: float, pose: tuple[float, float, float], distance: float) -> tuple[float, float]:
        """Speed (m/s) and road-wheel angle (rad) at this moment; the trail is the x axis."""
        due = [text for at, text in self.pending if at <= t]
        self.pending = [(at, text) for at, text in self.pending if at > t]
        for text in due:
            self._do(t, text, distance)
        if self.until is not None and distance >= self.until:
            self.until, self.speed = None, CRUISE
            if self.stops:
                self.stops, self.stopped, self.asked = False, t, False
            if self.held is not None and self.stopped is None and distance - self.held_from > HOLDS:
                self.held = None
        if self.held is not None and distance - self.held_from > HOLDS:
            self.held = None
        target = self.held if self.held is not None else self._follow(pose)
        most = self.skill.wheel_rate * 2.0 * math.pi / self.ratio * dt
        self.steer += min(max(target - self.steer, -most), most)
        if self.stopped is not None:
            if t - self.stopped > GOES_ON:
                self.stopped, self.speed, self.until, self.stops = None, CREEP, distance + 3.0, False
            return 0.0, self.steer
        turning = self.held is not None and abs(target - self.steer) > 0.05
        self.standing = self.standing and turning
        if self.standing:
            return 0.0, self.steer
        return (min(self.speed, CREEP) if turning else self.speed), self.steer

    def asks(self, t: float) -> bool:
        """Whether the driver, stopped and told nothing more, asks what comes next."""
        if self.stopped is None or self.asked or self.pending or t - self.stopped < STOPPED:
            return False
        self.asked = True
        return True

    def _follow(self, pose: tuple[float, float, float]) -> float:
        _, y, yaw = pose
        bearing = math.atan2(-y, LOOKS_AHEAD) - yaw
        angle = math.atan(2.0 * self.wheelbase * math.sin(bearing) / math.hypot(LOOKS_AHEAD, y))
        return min(max(angle, -self.max_steer), self.max_steer)

    def _do(self, t: float, text: str, distance: float) -> None:
        if text.startswith("In ") or text.startswith("Clear"):
            return                      # prepared, or behind: nothing to do now
        if "Back up" in text or "Forward" in text:
            self._go_a_leg(text, distance)
        elif "back up" in text:
            self.stopped, self.speed, self.until, self.stops = None, BACK, distance + self._distance(text), True
        elif text.startswith("Stop"):
            self.stopped, self.asked, self.stops = t, False, False
        elif (turn := self._turn(text)) is not None:
            self.held = min(max(turn, -self.max_steer), self.max_steer)
            self.held_from, self.stops = distance, False
            if self.stopped is not None:
                self.stopped, self.speed, self.until, self.standing = None, CREEP, distance + 2.0, True
        elif "asy forward" in text or "ase forward" in text:
            if text.startswith("Hold"):
                self.held, self.held_from = self.steer, distance
            self.stopped, self.speed, self.until, self.stops = None, CREEP, distance + self._distance(text), False
        elif re.search("Slow|climb down|will touch|No clear line", text) and not self.stops:
            self.speed, self.until = CREEP, distance + 3.0

    def _go_a_leg(self, text: str, distance: float) -> None:
        """Turn the wheel standing if told to, go as far as was said, and stop: "forward" is not "ease forward"."""
        turn = self._turn(text)
        self.held = min(max(self.steer if turn is None else turn, -self.max_steer), self.max_steer)
        self.held_from = distance
        self.speed = BACK if "Back up" in text else CREEP
        self.stopped, self.standing, self.stops = None, turn is not None, True
        self.until = distance + self._distance(text)

    def _turn(self, text: str) -> float | None:
        """Road-wheel angle to hold, rad, or None where the words say nothing of turning."""
        said = text.lower()
        if said.startswith("straighten"):
            return 0.0
        for words, turns in AMOUNTS.items():
            if said.startswith(words):
                side = 1.0 if "driver" in said.split(",")[0] else -1.0      # the driver sits on the left
                done = turns * (1.0 + self.skill.steer_error * self.rng.standard_normal())
                return self.steer + side * done * 2.0 * math.pi / self.ratio
        return None

    def _distance(self, text: str) -> float:
        """Metres of what was heard, as far as the driver can tell."""
        if "six inches" in text or "a hand" in text:
            return 0.5 * FOOT
        found = re.search(r"(\w+) (?:feet|foot)", text)
        feet = (NUMBERS.get(found[1]) or (int(found[1]) if found[1].isdigit() else 3)) if found else 3
        if self.rng.random() < self.skill.mishears:
            feet *= self.rng.choice([0.5, 2.0])
        return feet * FOOT * max(1.0 + self.skill.way_error * self.rng.standard_normal(), 0.2)
