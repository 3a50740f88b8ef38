"""The block list: written by staff, held in memory by every node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from youhui.checkout.abuse import store
from youhui.checkout.abuse.model import Block, Kind, Risk
from youhui.checkout.abuse.problems import NotBlocked
from youhui.checkout.store import Source, next_version
from youhui.platform.addresses import household
from youhui.platform.audit import record
from youhui.platform.db import Database
from youhui.platform.ids import is_shop_id
from youhui.platform.principals import Principal


class BlockList:
    """The use cases. `changed` is called after each commit; raising, it does not undo the write."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], changed: Callable[[], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._changed = changed
        self._held: Mapping[tuple[Kind, str], Block] = {}

    def refresh(self) -> None:
        """Makes what is held as new as what is stored. Raises Unavailable."""
        with self._database.reading() as connection:
            blocks = store.blocks(connection)
        self._held = {(one.kind, one.value): one for one in blocks}

    def find(self, risk: Risk) -> Block | None:
        """What keeps this caller out now, if anything does. Never waits."""
        held = self._held
        if not held:
            return None
        found = (held.get(key) for key in risk.keys().items())
        return next((one for one in found if one and (one.until is None or self._clock() < one.until)), None)

    def put(self, kind: Kind, value: str, reason: str, until: datetime | None, by: Principal) -> Block:
        """Blocks someone, or changes why and until when. Of an IPv6 address all 64 bits. Raises Unavailable."""
        now = self._clock()
        key = household(value) if kind == "ip" else value
        block = Block(kind=kind, value=key, reason=reason, until=until, by=by.name, at=now)
        with self._database.writing() as connection:
            next_version(connection, Source.ABUSE)
            old = store.find_block(connection, kind, key)
            store.put_block(connection, block, new=old is None)
            record(
                connection,
                now,
                by,
                "blocked.put",
                block.object,
                before=_shown(old) if old else None,
                after=_shown(block),
            )
        self._changed()
        return block

    def remove(self, kind: str, value: str, by: Principal) -> None:
        """Raises NotBlocked, Unavailable."""
        key = household(value) if kind == "ip" else value
        with self._database.writing() as connection:
            next_version(connection, Source.ABUSE)
            old = store.find_block(connection, kind, key) if is_shop_id(key) else None
            if old is None:
                raise NotBlocked(value=value)
            store.remove_block(connection, old)
            record(connection, self._clock(), by, "blocked.remove", old.object, before=_shown(old))
        self._changed()

    def page(self, kind: Kind | None, value: str | None, offset: int, limit: int) -> tuple[list[Block], int]:
        """Those of this kind and value, the latest first, and how many there are. Raises Unavailable."""
        with self._database.reading() as connection:
            return store.page_of_blocks(connection, kind, value, offset, limit)


def _shown(block: Block) -> Mapping[str, object]:
    return {"reason": block.reason, "until": block.until and block.until.isoformat(), "by": block.by}
