"""Whose credentials these are: API keys, our own tokens of operators and shoppers, and tokens of the shop's issuer.

What was found is held for ten seconds at most, never past the end of the credentials: so long may another process let
one in whose key or session was ended here. This process forgets at once.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

import structlog

from youhui.accounts import store
from youhui.accounts.model import ACCESS, KEY_START, SHOPPER, ApiKey
from youhui.accounts.problems import ApiKeyNotFound
from youhui.accounts.rules import digest, key_id
from youhui.platform.db import Database
from youhui.platform.ids import is_shop_id
from youhui.platform.metrics import Cache
from youhui.platform.principals import Principal
from youhui.platform.problems import Unauthenticated, Unavailable
from youhui.platform.tokens import Clock, Issuer, Token, Tokens

HELD = timedelta(seconds=10)
"""who was recognised"""
REFUSED = timedelta(seconds=5)
"""what was not: a caller with old credentials does not become load on the database"""
LONGEST = 4096
"""characters of credentials: longer ones are refused unread"""
MOST_HELD, MOST_REFUSED = 10_000, 1_000
NOTED = 60.0
"""seconds between two writes of when keys were last used"""

_log = structlog.get_logger()


class _Known(NamedTuple):
    """What is known of some credentials: whose they are, or None where they are nobody's, and for how long that is."""

    principal: Principal | None
    until: datetime


class Identities:
    """The guard's port. `customer`: the claim of the issuer's tokens that is the customer's id.

    Which API keys were good is remembered by their hashes: there are no more than admins have made.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tokens: Tokens,
        issuer: Issuer | None = None,
        customer: str = "sub",
        cache: Cache | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tokens = tokens
        self._issuer = issuer
        self._customer = customer
        self._cache = cache or Cache()
        self._familiar: set[str] = set()
        self._held: dict[str, _Known] = {}
        self._refused: dict[str, _Known] = {}
        self._keeping = threading.Lock()
        self.uses = Uses(database)

    def start(self) -> None:
        """Begins to write the uses of keys. Raises NoSecret where tokens cannot be signed."""
        self.ready()
        self.uses.start()

    def ready(self) -> None:
        """Raises NoSecret where tokens cannot be signed."""
        self._tokens.ready()

    def stop(self) -> None:
        """Writes what is left."""
        self.uses.stop()

    def held(self, credentials: str) -> Principal | None:
        """From memory. Raises Unauthenticated for what was refused a moment ago."""
        known = self._held.get(credentials)
        if known is not None and self._clock() < known.until:
            self._cache.hit()
            return known.principal
        if len(credentials) > LONGEST:
            raise Unauthenticated
        known = self._refused.get(credentials)
        if known is not None and self._clock() < known.until:
            self._cache.hit()
            raise Unauthenticated
        return None

    def doubtful(self, credentials: str) -> bool:
        """Whether only the database can tell that they are made up: an API key that was not good here before."""
        return key_id(credentials) is not None and digest(credentials) not in self._familiar

    def identify(self, credentials: str) -> Principal:
        """Looked up. Raises Unauthenticated, Unavailable."""
        self._cache.miss()
        now = self._clock()
        held, refused = self._held, self._refused  # if `forget` comes while this looks, it looked too early
        try:
            principal, end = self._found(credentials, now)
        except Unauthenticated:
            self._keep(refused, credentials, _Known(None, now + REFUSED), MOST_REFUSED)
            raise
        self._keep(held, credentials, _Known(principal, min(end, now + HELD)), MOST_HELD)
        return principal

    def forget(self) -> None:
        """Everything that is held."""
        self._held, self._refused = {}, {}

    def _keep(self, where: dict[str, _Known], credentials: str, known: _Known, most: int) -> None:
        """In the order of time, so that the first are the first to go."""
        with self._keeping:
            where.pop(credentials, None)
            where[credentials] = known
            for oldest in list(islice(where, 2)):
                if len(where) > most or where[oldest].until <= self._clock():
                    del where[oldest]

    def _found(self, credentials: str, now: datetime) -> tuple[Principal, datetime]:
        """Whose they are, and until when they are good. Whatever a token says of itself, its signature decides."""
        if credentials.startswith(KEY_START):
            return self._of_key(credentials, now)
        try:
            token = self._tokens.read(credentials)
        except Unauthenticated:
            if self._issuer is None:
                raise
            return self._of_issuer(self._issuer.read(credentials))
        kind = token.text("typ")
        if kind == ACCESS:
            return self._of_operator(token, now)
        if kind == SHOPPER:
            return self._of_shopper(token, now)
        raise Unauthenticated

    def _of_key(self, credentials: str, now: datetime) -> tuple[Principal, datetime]:
        number = key_id(credentials)
        if number is None:
            raise Unauthenticated
        key = self._key(number)
        secret = digest(credentials)
        end = key.good_until(secret, now)
        if end is None:
            raise Unauthenticated
        self._familiar.add(secret)
        self.uses.note(key.id, now)
        return key.principal, end

    def _of_operator(self, token: Token, now: datetime) -> tuple[Principal, datetime]:
        """The role is the operator's of now, not of when the token was made."""
        with self._database.reading() as connection:
            operator = store.session_of(connection, token.text("session"), now)
        if operator is None or str(operator.id) != token.text("sub"):
            raise Unauthenticated
        return operator.principal, token.expires

    def _of_shopper(self, token: Token, now: datetime) -> tuple[Principal, datetime]:
        """As good as the key that made it."""
        key = self._key(token.text("key"))
        if not key.live(now) or "shoppers" not in key.scopes:
            raise Unauthenticated
        return Principal("shopper", token.text("sub")), token.expires

    def _of_issuer(self, token: Token) -> tuple[Principal, datetime]:
        customer = token.text(self._customer)
        if not is_shop_id(customer):
            raise Unauthenticated
        return Principal("shopper", customer), token.expires

    def _key(self, number: str) -> ApiKey:
        try:
            with self._database.reading() as connection:
                return store.key(connection, number)
        except ApiKeyNotFound:
            raise Unauthenticated from None


class Uses:
    """When keys were last used: noted in memory, written each minute by a thread of its own, and at the end."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._uses: dict[str, datetime] = {}
        self._stopping = threading.Event()
        self._writer: threading.Thread | None = None

    def note(self, key: str, at: datetime) -> None:
        """Never waits."""
        self._uses[key] = at

    def start(self) -> None:
        """Begins to write."""
        self._stopping.clear()
        self._writer = threading.Thread(target=self._write_each_minute, name="uses of keys", daemon=True)
        self._writer.start()

    def stop(self) -> None:
        """Writes what is left."""
        self._stopping.set()
        if self._writer is not None:
            self._writer.join()
        self.write()

    def write(self) -> None:
        """Now. What cannot be written is lost: the next use says more anyway."""
        uses, self._uses = self._uses, {}
        if not uses:
            return
        try:
            with self._database.writing() as connection:
                store.note_uses(connection, uses)
        except Unavailable:
            _log.warning("uses of keys not written: the database is not available")

    def _write_each_minute(self) -> None:
        while not self._stopping.wait(NOTED):
            self.write()
