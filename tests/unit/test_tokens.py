"""Tokens: genuine ones are read, all others are refused, whatever they say of themselves (RFC 8725)."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from youhui.platform import jwks
from youhui.platform.problems import Unauthenticated, Unavailable
from youhui.platform.settings import Jwt
from youhui.platform.tokens import Issuer, Tokens

NOON = datetime(2026, 11, 11, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
SECRET = "a secret of the service, 32 characters"
SHARED = "a secret shared with the shop's issuer"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


class Clock:
    """Turned by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def claims(**more: object) -> dict[str, object]:
    """Of a token of the shop's issuer, as `more` changes them; None leaves one out."""
    usual = {"iss": "https://shop.example", "aud": "youhui", "sub": "c1", "exp": seconds(QUARTER)}
    return {key: value for key, value in {**usual, **more}.items() if value is not None}


def seconds(after: timedelta) -> int:
    return int((NOON + after).timestamp())


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


# The service's own


def test_what_is_signed_is_read_until_it_ends(clock: Clock) -> None:
    tokens = Tokens(lambda: SECRET, clock)
    token = tokens.sign("access", QUARTER, sub="7")
    clock.turn(minutes=14, seconds=59, milliseconds=999)
    read = tokens.read(token)
    assert (read.text("typ"), read.text("sub"), read.expires) == ("access", "7", NOON + QUARTER)
    clock.turn(milliseconds=1)
    with pytest.raises(Unauthenticated):
        tokens.read(token)


def test_another_secret_signs_other_tokens(clock: Clock) -> None:
    token = Tokens(lambda: SECRET, clock).sign("access", QUARTER, sub="7")
    for wrong in (SHARED, SECRET + " "):
        with pytest.raises(Unauthenticated):
            Tokens(lambda wrong=wrong: wrong, clock).read(token)  # type: ignore[misc]
    with pytest.raises(jwt.InvalidSignatureError):  # nor is it the secret itself that signs
        jwt.decode(token, SECRET, ["HS256"], audience="youhui")


TOKENS = Tokens(lambda: SECRET, lambda: NOON)
GENUINE = TOKENS.sign("access", QUARTER, sub="7", session="s")


@given(
    st.integers(0, len(GENUINE) - 1),
    st.characters(codec="latin-1"),
    st.sampled_from(["replace", "insert", "delete", "cut"]),
)
@settings(max_examples=300)
def test_a_changed_token_is_refused(place: int, letter: str, how: str) -> None:
    changed = {
        "replace": GENUINE[:place] + letter + GENUINE[place + 1 :],
        "insert": GENUINE[:place] + letter + GENUINE[place:],
        "delete": GENUINE[:place] + GENUINE[place + 1 :],
        "cut": GENUINE[:place],
    }[how]
    if changed == GENUINE or same_bytes(changed):
        return
    with pytest.raises(Unauthenticated):
        TOKENS.read(changed)


def same_bytes(token: str) -> bool:
    """The last letter of base64 has bits that say nothing."""
    parts, genuine = token.split("."), GENUINE.split(".")
    if len(parts) != 3 or parts[:2] != genuine[:2]:
        return False
    try:
        return base64.urlsafe_b64decode(parts[2] + "==") == base64.urlsafe_b64decode(genuine[2] + "==")
    except ValueError:
        return False


@given(st.text(max_size=200) | st.lists(st.binary(max_size=60).map(part), max_size=5).map(".".join))
@settings(max_examples=200)
def test_garbage_is_refused(garbage: str) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read(garbage)


DEEP = b'{"alg":' + b"[" * 3000
HOSTILE = {
    "no signature asked": f"{part({'alg': 'none'})}.{part(claims())}.",
    "a header without end": f"{part(DEEP)}.{part(claims())}.x",
    "a header that is a list": f"{part([])}.{part(claims())}.x",
    "no algorithm": f"{part({})}.{part(claims())}.x",
    "an algorithm that is no text": f"{part({'alg': 7})}.{part(claims())}.x",
    "an unknown critical header": f"{part({'alg': 'HS256', 'crit': ['x'], 'x': 1})}.{part(claims())}.x",
    "100 kB": f"{part({'alg': 'HS256', 'x': 'x' * 100_000})}.{part(claims())}.x",
    "dots": "." * 10_000,
    "nothing": "",
    "half a surrogate pair": "\ud800.\ud800.\ud800",
}


@pytest.mark.parametrize("token", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.read(token)
    with pytest.raises(Unauthenticated):
        by_secret(Clock()).read(token)


# The shop's issuer, with a shared secret


def by_secret(clock: Clock) -> Issuer:
    return Issuer(
        Jwt(issuer="https://shop.example", audience="youhui", secret=SecretStr(SHARED), algorithm="HS256"),
        clock,
    )


ACCEPTED = {
    "as it should be": claims(),
    "several audiences": claims(aud=["shop", "youhui"]),
    "in force for a while": claims(nbf=seconds(-QUARTER)),
    "its clock is ahead": claims(nbf=seconds(timedelta(seconds=20)), iat=seconds(timedelta(seconds=20))),
    "a fraction of a second": claims(exp=seconds(QUARTER) + 0.5),
    "until the end of time": claims(exp=10**300),
    "a number as the customer": claims(sub=7),
}
REFUSED = {
    "expired": claims(exp=seconds(timedelta(0))),
    "not yet in force": claims(nbf=seconds(timedelta(minutes=5))),
    "without an end": claims(exp=None),
    "an end that is a text": claims(exp="tomorrow"),
    "an end that is true": claims(exp=True),
    "an end that is no number": claims(exp=float("nan")),
    "an end before all time": claims(exp=-(10**300)),
    "a beginning that is no number": claims(nbf=float("nan")),
    "a beginning that is a list": claims(nbf=[]),
    "another issuer": claims(iss="https://evil.example"),
    "no issuer": claims(iss=None),
    "an issuer that is a list": claims(iss=["https://shop.example"]),
    "another audience": claims(aud="another"),
    "no audience": claims(aud=None),
    "an audience that is a number": claims(aud=7),
    "our own issuer": claims(iss="youhui"),
}


@pytest.mark.parametrize("sent", ACCEPTED.values(), ids=ACCEPTED)
def test_a_token_of_the_shop_is_read(sent: dict[str, object], clock: Clock) -> None:
    read = by_secret(clock).read(jwt.encode(sent, SHARED, "HS256"))
    assert read.text("sub") == str(sent["sub"])


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
def test_a_token_that_is_not_for_us_is_refused(sent: dict[str, object], clock: Clock) -> None:
    with pytest.raises(Unauthenticated):
        by_secret(clock).read(unchecked(sent, SHARED))


def unchecked(sent: dict[str, object], secret: str) -> str:
    """Signed as it is: the library itself would refuse some."""
    token = jwt.api_jws.encode(json.dumps(sent).encode(), secret, "HS256", {"typ": "JWT"})
    return str(token)


@pytest.mark.parametrize("value", [None, True, [], {"a": 1}, 1.5])
def test_a_customer_is_a_text_or_a_number(value: object, clock: Clock) -> None:
    read = by_secret(clock).read(unchecked(claims(customer=value), SHARED))
    with pytest.raises(Unauthenticated):
        read.text("customer")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_with_the_right_secret_is_refused(algorithm: str, clock: Clock) -> None:
    token = jwt.encode(claims(), SHARED * 2, algorithm)
    issuer = Issuer(
        Jwt(
            issuer="https://shop.example", audience="youhui", secret=SecretStr(SHARED * 2), algorithm="HS256"
        ),
        clock,
    )
    with pytest.raises(Unauthenticated):
        issuer.read(token)


# The shop's issuer, with published keys


class Published:
    """Keys behind an address, as an issuer publishes them."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.body = b""
        self.status = 200
        self.asked: list[str] = []

    def publish(self, **keys: Any) -> None:
        self.body = json.dumps({"keys": [jwk(key, name) for name, key in keys.items()]}).encode()


def jwk(key: Any, name: str) -> dict[str, object]:
    kind = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig"}


@contextmanager
def publishing() -> Iterator[Published]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            self.send_response(made.status)
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = Published(f"http://127.0.0.1:{server.server_address[1]}/jwks.json")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def published() -> Iterator[Published]:
    with publishing() as made:
        made.publish(one=RSA)
        yield made


def by_keys(url: str, clock: Clock, algorithm: str = "RS256") -> Issuer:
    return Issuer(
        Jwt.model_validate(
            {"issuer": "https://shop.example", "audience": "youhui", "jwks_url": url, "algorithm": algorithm}
        ),
        clock,
    )


def signed(key: Any, name: str | None, algorithm: str = "RS256", **headers: Any) -> str:
    named = {"kid": name} if name else {}
    return jwt.encode(claims(exp=seconds(timedelta(days=9))), key, algorithm, {**named, **headers})


def test_keys_are_fetched_once_and_used(published: Published, clock: Clock) -> None:
    issuer = by_keys(published.url, clock)
    for _ in range(3):
        assert issuer.read(signed(RSA, "one")).text("sub") == "c1"
    assert published.asked == ["/jwks.json"]


def test_keys_of_an_elliptic_curve(published: Published, clock: Clock) -> None:
    published.publish(two=EC)
    assert by_keys(published.url, clock, "ES256").read(signed(EC, "two", "ES256")).text("sub") == "c1"


def test_a_new_key_is_found_and_an_old_one_forgotten(published: Published, clock: Clock) -> None:
    issuer = by_keys(published.url, clock)
    issuer.read(signed(RSA, "one"))
    published.publish(next=OTHER_RSA)
    clock.turn(seconds=31)
    assert issuer.read(signed(OTHER_RSA, "next")).text("sub") == "c1"
    with pytest.raises(Unauthenticated):
        issuer.read(signed(RSA, "one"))


def test_unknown_keys_do_not_make_us_fetch(published: Published, clock: Clock) -> None:
    issuer = by_keys(published.url, clock)
    for number in range(50):
        with pytest.raises(Unauthenticated):
            issuer.read(signed(RSA, f"unknown-{number}"))
    assert len(published.asked) == 1
    clock.turn(seconds=31)
    with pytest.raises(Unauthenticated):
        issuer.read(signed(RSA, "unknown"))
    assert len(published.asked) == 2


PEM = RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)


def with_public_key_as_secret() -> str:
    """The library refuses to sign so; an attacker does not."""
    body = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': 'one'})}.{part(claims())}"
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    return f"{body}.{part(mac.sign(body.encode(), PEM))}"


CONFUSED = {
    "the public key as a secret": with_public_key_as_secret(),
    "no signature asked": f"{part({'alg': 'none', 'kid': 'one'})}.{part(claims())}.",
    "another key": signed(OTHER_RSA, "one"),
    "another hash": signed(RSA, "one", "RS512"),
    "another kind of key": signed(EC, "one", "ES256"),
    "no name of a key": signed(RSA, None),
    "a path as the name": signed(RSA, "../../../../etc/passwd"),
    "an address as the name": signed(RSA, "http://127.0.0.1:1/jwks.json"),
    "SQL as the name": signed(RSA, "' OR 1=1 --"),
    "its own address of keys": signed(OTHER_RSA, "mine", jku="http://127.0.0.1:1/jwks.json"),
    "its own key": signed(OTHER_RSA, "mine", jwk=jwk(OTHER_RSA, "mine")),
    "a list as the name": f"{part({'alg': 'RS256', 'kid': ['one']})}.{part(claims())}.x",
    "a number as the name": f"{part({'alg': 'RS256', 'kid': 1})}.{part(claims())}.x",
}


@pytest.mark.parametrize("token", CONFUSED.values(), ids=CONFUSED)
def test_a_token_does_not_choose_how_it_is_verified(token: str, published: Published, clock: Clock) -> None:
    with pytest.raises(Unauthenticated):
        by_keys(published.url, clock).read(token)
    assert set(published.asked) <= {"/jwks.json"}


def test_keys_that_cannot_be_fetched_are_asked_for_again_later(published: Published, clock: Clock) -> None:
    published.status = 500
    issuer = by_keys(published.url, clock)
    for _ in range(5):
        with pytest.raises(Unavailable):
            issuer.read(signed(RSA, "one"))
    assert len(published.asked) == 1
    published.status = 200
    clock.now += jwks.RETRY
    assert issuer.read(signed(RSA, "one")).text("sub") == "c1"


NO_KEYS = [b"", b"[]", b"{}", b'{"keys": []}', b'{"keys": 7}', b'{"keys": [7]}', b"[" * 9_000, b"\xff"]


@pytest.mark.parametrize("body", NO_KEYS)
def test_what_is_published_need_not_be_keys(body: bytes, published: Published, clock: Clock) -> None:
    published.body = body
    with pytest.raises(Unavailable):
        by_keys(published.url, clock).read(signed(RSA, "one"))


def test_known_keys_outlive_an_outage_of_their_issuer(clock: Clock) -> None:
    with publishing() as published:
        published.publish(one=RSA)
        issuer = by_keys(published.url, clock)
        issuer.read(signed(RSA, "one"))
    clock.now += jwks.FRESH + timedelta(seconds=1)
    assert issuer.read(signed(RSA, "one")).text("sub") == "c1"
    clock.now = NOON + jwks.USABLE + timedelta(seconds=1)
    with pytest.raises(Unavailable):
        issuer.read(signed(RSA, "one"))


def test_an_address_where_nobody_listens(clock: Clock) -> None:
    with publishing() as published:
        url = published.url
    with pytest.raises(Unavailable):
        by_keys(url, clock).read(signed(RSA, "one"))
