r"""Fields of a known form - dates, postcodes, telephone numbers, amounts - read by a small regular grammar.

A part of the usual notation: literals, `.`, classes `[a-z]`, `[^a-z]`, `\d`, `\s`, groups, `|`, `? * + {2} {2,} {2,4}`.
It is compiled to a deterministic automaton over a model's characters (Thompson 1968, subset construction) that guides a
beam search; `text.route` finds the best path through it whatever the beam lost.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from tenarai.errors import SettingsError
from tenarai.text.script import DIGITS

FIELDS = {
    "digits": r"\d+",
    "date": r"\d{4}([-/.])(0?[1-9]|1[0-2])([-/.])(0?[1-9]|[12]\d|3[01])",
    "date-ja": r"(\d{4}|(明治|大正|昭和|平成|令和)(元|\d{1,2}))年(1[0-2]|[1-9])月([12]\d|3[01]|[1-9])日",
    "postcode-ja": r"〒?\d{3}-\d{4}",
    "telephone": r"\+?(\(\d{1,5}\)|\d{1,5})([- ]?\d{1,4}){1,4}",
    "amount": r"[¥$€£]? ?(\d{1,3}(,\d{3})*|\d+)(\.\d{1,2})?[円€]?",
}
"""Patterns by name; a name may be given wherever a pattern is."""

_LARGEST = 5000  # states, of either automaton: a slip such as ((\d{99}){99}){99} must not hang
_WORK = 3_000_000  # characters looked at while the states are made, some seconds
_MOST_REPEATS = 500
_SPACES = " \u3000"


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A deterministic automaton: state 0 is the start; every state can still come to an end.

    expression: as it was written. steps: for every state where each character leads. ends: the states that a text may
    end in. shortest: for every state how many characters are wanted at least.
    """

    expression: str
    steps: tuple[dict[str, int], ...]
    ends: frozenset[int]
    shortest: tuple[int, ...]

    @property
    def characters(self) -> frozenset[str]:
        """Every character that it can give."""
        return frozenset().union(*self.steps)

    def admits(self, text: str) -> bool:
        """Whether the whole text is of this form."""
        state = 0
        for character in text:
            if character not in self.steps[state]:
                return False
            state = self.steps[state][character]
        return state in self.ends

    # As a guide of a search.
    @property
    def start(self) -> int:
        return 0

    def step(self, state: int, character: str) -> tuple[int, float] | None:
        after = self.steps[state].get(character)
        return None if after is None else (after, 0.0)

    def end(self, state: int) -> float:
        return 0.0 if state in self.ends else -math.inf

    def least(self, state: int) -> int:
        return self.shortest[state]


def compile_pattern(expression: str, characters: Iterable[str]) -> Pattern:
    """The pattern, or the one of FIELDS that has this name, over the characters that a model knows.

    Raises SettingsError for one that is not understood, grows too large, or admits no text of these characters.
    """
    machine = _Machine(FIELDS.get(expression, expression), frozenset(characters) - {""})
    begin, end = machine.compiled()
    steps, ends = machine.determined(begin, end)
    return _trimmed(machine.expression, steps, ends)


@dataclass(slots=True)
class _Machine:
    """The parser, which builds Thompson's automaton while it reads: `free` steps take no character."""

    expression: str
    known: frozenset[str]
    at: int = 0
    free: list[list[int]] = field(default_factory=list)
    read: list[tuple[frozenset[str], int] | None] = field(default_factory=list)

    def compiled(self) -> tuple[int, int]:
        try:
            begin, end = self._choice()
        except RecursionError:
            raise self._wrong("its groups are nested too deeply") from None
        if self.at < len(self.expression):
            raise self._wrong("a ) closes nothing")
        return begin, end

    def _state(self) -> int:
        if len(self.free) >= _LARGEST:
            raise self._wrong(f"it needs more than {_LARGEST} states")
        self.free.append([])
        self.read.append(None)
        return len(self.free) - 1

    def _next(self) -> str:
        return self.expression[self.at : self.at + 1]

    def _choice(self) -> tuple[int, int]:
        begin, end = self._state(), self._state()
        while True:
            first, last = self._sequence()
            self.free[begin].append(first)
            self.free[last].append(end)
            if self._next() != "|":
                return begin, end
            self.at += 1

    def _sequence(self) -> tuple[int, int]:
        begin = end = self._state()
        while self._next() not in ("", "|", ")"):
            first, last = self._repeated()
            self.free[end].append(first)
            end = last
        return begin, end

    def _repeated(self) -> tuple[int, int]:
        origin = self.at
        first, last = self._atom()
        behind = self.at
        least, most = self._counts()
        if behind == self.at:
            return first, last
        if self._next() in tuple("?*+{"):
            raise self._wrong("a repetition is repeated")
        after = self.at
        begin = end = self._state()
        # Each copy is read anew from the expression: an automaton has no other way to count.
        for copy in range(most if most is not None else max(least, 1)):
            if copy:
                self.at = origin
                first, last = self._atom()
            self.free[end].append(first)
            if copy >= least:
                self.free[end].append(last)
            end = last
        if most is None:
            self.free[end].append(first)
            if not least:
                self.free[begin].append(end)
        self.at = after
        # A state of its own, so that what follows cannot be confused with a way back into the repetition.
        out = self._state()
        self.free[end].append(out)
        return begin, out

    def _counts(self) -> tuple[int, int | None]:
        sign = self._next()
        if sign in ("?", "*", "+") and sign:
            self.at += 1
            return {"?": (0, 1), "*": (0, None), "+": (1, None)}[sign]
        if sign != "{":
            return 1, 1
        close = self.expression.find("}", self.at)
        low, comma, high = self.expression[self.at + 1 : max(close, 0)].partition(",")
        if close < 0 or not (low.isascii() and low.isdigit()) or (high and not (high.isascii() and high.isdigit())):
            raise self._wrong("a repetition is written {2}, {2,} or {2,4}")
        if max(len(low), len(high)) > 4:
            raise self._wrong(f"a repetition goes up to {_MOST_REPEATS}")
        least, most = int(low), (int(high) if high else None) if comma else int(low)
        if (most is not None and most < least) or max(least, most or 0) > _MOST_REPEATS:
            raise self._wrong(f"a repetition does not fall, and goes up to {_MOST_REPEATS}")
        self.at = close + 1
        return least, most

    def _atom(self) -> tuple[int, int]:
        sign = self._next()
        self.at += 1
        if sign == "(":
            inside = self._choice()
            if self._next() != ")":
                raise self._wrong("a ( is not closed")
            self.at += 1
            return inside
        if sign in tuple("?*+{"):
            raise self._wrong(f"the {sign} repeats nothing")
        if sign == ".":
            allowed = self.known
        elif sign == "[":
            allowed = self._class()
        elif sign == "\\":
            allowed = self._escape()
        else:
            allowed = frozenset(sign)
        begin, end = self._state(), self._state()
        self.read[begin] = (allowed & self.known, end)
        return begin, end

    def _escape(self) -> frozenset[str]:
        sign = self._next()
        self.at += 1
        if sign == "d":
            return frozenset(DIGITS)
        if sign == "s":
            return frozenset(_SPACES)
        if not sign or (sign.isascii() and sign.isalnum()):
            raise self._wrong(f"\\{sign} is not known here; \\d, \\s and escaped signs are")
        return frozenset(sign)

    def _class(self) -> frozenset[str]:
        turned = self._next() == "^"
        self.at += turned
        found: set[str] = set()
        while self._next() != "]":
            sign = self._next()
            if not sign:
                raise self._wrong("a [ is not closed")
            self.at += 1
            one = self._escape() if sign == "\\" else frozenset(sign)
            if len(one) == 1 and self._next() == "-" and self.expression[self.at + 1 : self.at + 2] not in ("", "]"):
                low, high = min(one), self.expression[self.at + 1]
                self.at += 2
                if high < low or high == "\\":
                    raise self._wrong(f"[{low}-{high}] is no range")
                one = frozenset(c for c in self.known if low <= c <= high)
            found |= one
        self.at += 1
        return self.known - found if turned else frozenset(found)

    def _wrong(self, what: str) -> SettingsError:
        return SettingsError(f"The pattern {self.expression[:60]!r} cannot be used: {what}.")

    def _closed(self, states: Iterable[int]) -> frozenset[int]:
        """These states and all that free steps lead to from them."""
        found, todo = set(states), list(states)
        while todo:
            for after in self.free[todo.pop()]:
                if after not in found:
                    found.add(after)
                    todo.append(after)
        return frozenset(found)

    def determined(self, begin: int, end: int) -> tuple[list[dict[str, int]], set[int]]:
        """The automaton whose states are sets of states: where each character leads, and which states are ends."""
        numbers = {self._closed([begin]): 0}
        steps: list[dict[str, int]] = []
        queue, work = list(numbers), 0
        for group in queue:
            targets: dict[str, set[int]] = {}
            for state in group:
                if (read := self.read[state]) is not None:
                    work += len(read[0])
                    if work > _WORK:
                        raise self._wrong("it has too many ways to go on: name the characters instead of a dot")
                    for character in read[0]:
                        targets.setdefault(character, set()).add(read[1])
            step, known = dict[str, int](), dict[frozenset[int], int]()
            for character, states in targets.items():
                key = frozenset(states)
                if key not in known:
                    after = self._closed(key)
                    if after not in numbers:
                        if len(numbers) >= _LARGEST:
                            raise self._wrong(f"it needs more than {_LARGEST} states")
                        numbers[after] = len(numbers)
                        queue.append(after)
                    known[key] = numbers[after]
                step[character] = known[key]
            steps.append(step)
        return steps, {number for group, number in numbers.items() if end in group}


def _trimmed(expression: str, steps: list[dict[str, int]], ends: set[int]) -> Pattern:
    """Without the states that lead to no end. Raises SettingsError when that is all of them."""
    before: list[set[int]] = [set() for _ in steps]
    for state, step in enumerate(steps):
        for after in step.values():
            before[after].add(state)
    shortest, front, distance = dict.fromkeys(ends, 0), set(ends), 0
    while front:
        distance += 1
        front = {state for after in front for state in before[after]} - shortest.keys()
        shortest |= dict.fromkeys(front, distance)
    if 0 not in shortest:
        raise SettingsError(
            f"The pattern {expression[:60]!r} admits no text at all: it asks for characters that the model lacks."
        )
    if shortest.keys() == {0} and not any(after in shortest for after in steps[0].values()):
        raise SettingsError(f"The pattern {expression[:60]!r} admits nothing but the empty text: write what may stand.")
    alive = sorted(shortest)  # the start, 0, stays first
    numbers = {state: number for number, state in enumerate(alive)}
    kept = tuple({c: numbers[after] for c, after in steps[state].items() if after in numbers} for state in alive)
    return Pattern(expression, kept, frozenset(numbers[end] for end in ends), tuple(shortest[state] for state in alive))
