"""What was used last stays in memory, up to a bound."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Lru(Generic[K, V]):
    """A mapping that forgets what was not used for longest; safe from several threads.

    Parameters
    ----------
    capacity : int
        Bytes kept at most (one value is kept even if it is larger).
    size_of : callable
        Bytes of a value.

    Attributes
    ----------
    hits, misses, evictions : int
        Since the start.
    """

    def __init__(self, capacity: int, size_of: Callable[[V], int]) -> None:
        self.capacity = capacity
        self.hits = self.misses = self.evictions = 0
        self._size_of = size_of
        self._values: OrderedDict[K, V] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made outside the lock where it is not there: two threads may make the same one."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                self.hits += 1
                return self._values[key]
            self.misses += 1
        value = make()
        with self._lock:
            if key not in self._values:
                self._values[key] = value
                self._bytes += self._size_of(value)
            kept = self._values[key]
            while self._bytes > self.capacity and len(self._values) > 1:
                self._bytes -= self._size_of(self._values.popitem(last=False)[1])
                self.evictions += 1
        return kept

    @property
    def bytes(self) -> int:
        """Bytes kept now."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._values)
