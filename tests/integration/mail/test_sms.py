"""Text messages through a real HTTP server, which plays a gateway."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from rdv_caldav.domain.errors import InvalidInput
from rdv_caldav.mail.delivery import (
    Deferred,
    DeliveryFailed,
    NotAccepted,
    NotConfigured,
    Refused,
    Unsure,
)
from rdv_caldav.mail.sms import HttpGateway, NoGateway, SmsGateway
from rdv_caldav.services.mailing.delivering import gateway_of
from rdv_caldav.settings import Settings
from support.certificates import self_signed
from support.server import free_port
from support.smtp_sink import smtp_sink

NUMBER = "06 12 34 56 78"
SENT = "+33612345678"
TEXT = 'Rendez-vous "demain" & à 14 h {number} 🏠\nMerci %41+\\'


@dataclass
class Gateway:
    """What it was asked, and what it answers."""

    url: str
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    answer: bytes = b'{"status": "ok", "id": "sms-17"}'
    delay: float = 0.0


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found.asked.append((self.command, self.path, dict(self.headers), body))
            time.sleep(found.delay)
            if found.status < 0:
                return
            self.send_response(found.status)
            self.send_header("Location", f"{found.url}/autre")
            self.send_header("Content-Length", str(len(found.answer)))
            self.end_headers()
            self.wfile.write(found.answer)

        do_GET = do_PUT = do_POST  # noqa: N815

        def log_message(self, *arguments: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *arguments: Any) -> None:
            pass  # who waits no longer hangs up, which is what is tried

    with Server(("127.0.0.1", 0), Handler) as server:
        found = Gateway(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def of(gateway: Gateway, **changes: Any) -> HttpGateway:
    return HttpGateway(
        **{
            "url": f"{gateway.url}/send",
            "body": '{"to": ["{number}"], "message": "<{text}>", "n": 1, "from": null}',
            "headers": {"Authorization": "Bearer s3cret"},
            "success": r'"id": "([^"]+)"',
            "timeout": 0.5,
            **changes,
        }
    )


def test_json_is_json_whatever_is_written(gateway: Gateway) -> None:
    assert of(gateway).send(NUMBER, TEXT) == "sms-17"
    ((method, path, headers, body),) = gateway.asked
    assert (method, path) == ("POST", "/send")
    assert json.loads(body) == {"to": [SENT], "message": f"<{TEXT}>", "n": 1, "from": None}
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Bearer s3cret"


def test_a_form_is_a_form_whatever_is_written(gateway: Gateway) -> None:
    body = "to={number}&message={text}&sender=Agence%20X&flag="
    assert of(gateway, body=body, method="PUT", success="").send(NUMBER, TEXT) == ""
    ((method, _, headers, sent),) = gateway.asked
    assert method == "PUT"
    assert parse_qs(sent.decode(), keep_blank_values=True) == {
        "to": [SENT],
        "message": [TEXT],
        "sender": ["Agence X"],
        "flag": [""],
    }
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_query_is_a_query_whatever_is_written(gateway: Gateway) -> None:
    url = f"{gateway.url}/send?key=1&to={{number}}&message={{text}}"
    assert of(gateway, url=url, body="", method="GET").send(NUMBER, TEXT + "\ud800") == "sms-17"
    ((method, path, _, body),) = gateway.asked
    assert (method, body) == ("GET", b"")
    assert parse_qs(urlsplit(path).query) == {"key": ["1"], "to": [SENT], "message": [TEXT + "?"]}


@pytest.mark.parametrize(
    ("status", "answer", "expected"),
    [
        (202, b'{"id": "sms-18"}', None),
        (200, b'{"error": "no credit"}', Refused),
        (400, b"", Refused),
        (422, b"", Refused),
        (429, b"", Deferred),
        (500, b"", Deferred),
        (503, b"", Deferred),
        (504, b"", Unsure),
        (401, b"", NotAccepted),
        (402, b"", NotAccepted),
        (403, b"", NotAccepted),
        (404, b"", NotAccepted),
        (302, b"", NotAccepted),
        (-1, b"", Unsure),
    ],
)
def test_each_answer_has_its_meaning(
    gateway: Gateway, status: int, answer: bytes, expected: type[DeliveryFailed] | None
) -> None:
    gateway.status, gateway.answer = status, answer
    if expected is None:
        assert of(gateway).send(NUMBER, TEXT) == "sms-18"
    else:
        with pytest.raises(DeliveryFailed) as failed:
            of(gateway).send(NUMBER, TEXT)
        assert (type(failed.value), failed.value.code) == (expected, max(status, 0))
        assert not {"s3cret", SENT, "127.0.0.1"} & set(str(failed.value).split())
    assert len(gateway.asked) == 1


def test_an_answer_that_does_not_come_leaves_one_unsure(gateway: Gateway) -> None:
    gateway.delay = 0.4
    with pytest.raises(Unsure):
        of(gateway, timeout=0.1).send(NUMBER, TEXT)


def test_an_endless_answer_is_not_read_to_its_end(gateway: Gateway) -> None:
    gateway.answer = b'{"id": "sms-19"}' + b" " * 5_000_000
    assert of(gateway).send(NUMBER, TEXT) == "sms-19"


def test_a_gateway_that_is_not_there_is_tried_later() -> None:
    for host in (f"127.0.0.1:{free_port()}", "localhost:1"):
        with pytest.raises(Deferred):
            of(Gateway(f"http://{host}")).send(NUMBER, TEXT)


def test_a_certificate_that_nobody_knows_is_not_accepted() -> None:
    assert self_signed().exists()
    with smtp_sink(scheme="smtps") as sink, pytest.raises(NotAccepted):
        of(Gateway(f"https://127.0.0.1:{sink.port}")).send(NUMBER, TEXT)


def test_without_a_gateway_nothing_is_sent() -> None:
    none: SmsGateway = NoGateway()
    with pytest.raises(NotConfigured):
        none.send(NUMBER, TEXT)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://passerelle.example/send"},
        {"url": "ftp://passerelle.example/send"},
        {"url": "https:///send"},
        {"url": "https://a:s3cret@passerelle.example/send"},
        {"url": "https://passerelle.example/{number}?m={text}"},
        {"url": "https://{text}.example/send"},
        {"method": "DELETE"},
        {"method": "GET"},
        {"headers": {"X-Key": "a\r\nX-Other: b"}},
        {"headers": {"X Key": "a"}},
        {"headers": {"X-Key": "é"}},
        {"body": ""},
        {"body": "to={number}"},
        {"body": "message={text}"},
        {"success": "("},
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_sent(
    gateway: Gateway, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        of(gateway, **changes).send(NUMBER, TEXT)
    assert "s3cret" not in str(refused.value)
    assert not gateway.asked


def test_a_number_that_is_none_is_refused_before_anything_is_sent(gateway: Gateway) -> None:
    with pytest.raises(InvalidInput):
        of(gateway).send("05 61", TEXT)
    assert not gateway.asked


def test_nobody_reads_the_key_in_a_log(gateway: Gateway) -> None:
    assert "s3cret" not in repr(of(gateway, body='{"key": "s3cret", "t": "{text}{number}"}'))


def test_the_settings_say_what_a_yes_is(gateway: Gateway) -> None:
    settings = Settings(sms_url=gateway.url, sms_success='"id": "([^"]+)"')
    assert gateway_of(settings).send(NUMBER, TEXT) == "sms-17"
    gateway.answer = b'{"status": "error"}'
    with pytest.raises(Refused):
        gateway_of(settings).send(NUMBER, TEXT)
    assert gateway_of(Settings(sms_url=gateway.url)).send(NUMBER, TEXT) == ""
