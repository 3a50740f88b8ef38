"""What processes share through Valkey or Redis. All of it can be lost (P20), and no request waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import structlog
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from youhui.platform.channel import TICK, TOPIC, Channel
from youhui.platform.ratelimit import Sums

TIMEOUT = 0.1
"""seconds until it counts as gone"""
HEALTH = 5
"""seconds of silence after which a connection is tried"""

_log = structlog.get_logger()

# Counts are fields of one hash for each limit and window; KEYS: this window, the one before; ARGV: how long to keep
# them, and then fields and counts in turn.
_ADD = """
local callers, now = {}, {}
for i = 2, #ARGV, 2 do
  callers[#callers + 1] = ARGV[i]
  now[#now + 1] = redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return {now, redis.call('HMGET', KEYS[2], unpack(callers))}
"""


def connect(url: str) -> Redis:
    """A client that gives up soon: nothing is connected yet. Raises ValueError for a URL that is none."""
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=HEALTH,
        encoding_errors="surrogatepass",  # ids are the shop's, and one odd id must not stop the counting of others
    )


class ValkeyChannel(Channel):
    """Its publish and subscribe."""

    def __init__(self, client: Redis) -> None:
        super().__init__()
        self._client = client

    def publish(self) -> None:
        """One round trip."""
        try:
            self._client.publish(TOPIC, self._me)
        except RedisError as error:
            _log.warning("others are not told of a change", error=repr(error))

    def _heard(self) -> Iterator[bool]:
        me = self._me.encode()
        with self._client.pubsub() as pubsub:  # type: ignore[no-untyped-call]
            pubsub.subscribe(TOPIC)
            while True:  # the first message confirms the subscription: what was said before it was not heard
                message = pubsub.get_message(timeout=TICK)
                yield message is not None and message["data"] != me


class SharedCounts:
    """What all nodes let through (the port of the rate limits)."""

    def __init__(self, client: Redis) -> None:
        self._add = client.register_script(_ADD)

    def add(self, name: str, window: int, keep: int, counts: Mapping[str, int]) -> Sums:
        """One round trip for all of them."""
        keys = [f"youhui:limits:{{{name}}}:{number}" for number in (window, window - 1)]
        args: list[str | int] = [keep]
        for caller in counts.items():
            args += caller
        answer = self._add(keys=keys, args=args)
        now, before = cast("tuple[list[int], list[bytes | None]]", answer)
        return {key: (these, int(those or 0)) for key, these, those in zip(counts, now, before, strict=True)}
