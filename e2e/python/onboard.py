"""Onboards a person with a generated client: the same as client/examples/onboard and web/client/examples/onboard.ts.

    openapi-python-client generate --path infra/openapi.yaml --meta none --config e2e/python/generator.yaml --output-path ballerine
    API=... KEY=... python e2e/python/onboard.py docs/walkthrough/passport-kovacs.png
"""

import hashlib
import http.server
import json
import os
import sys
import threading
import time
import uuid

import httpx
from standardwebhooks import Webhook, WebhookVerificationError

from ballerine import AuthenticatedClient
from ballerine.api.cases import get_case, list_cases, send_event, start_case
from ballerine.api.documents import announce_document
from ballerine.api.webhooks import create_webhook, delete_webhook
from ballerine.models import (
    AnnounceBody,
    Case,
    CaseCompletedEvent,
    CaseStatus,
    EventBody,
    Problem,
    StartBody,
    StartBodyContext,
    StartBodySubject,
    WebhookBody,
)
from ballerine.types import UNSET, Unset

DEADLINE = time.monotonic() + 60


def right(answer):
    """The answer, or the end of the program with the code of its problem."""
    if answer is None or isinstance(answer, Problem):
        sys.exit(f"refused: {answer and answer.code}: {answer and answer.detail}")
    return answer


def until(what, look):
    """Looks until there is something, or the deadline has passed."""
    while time.monotonic() < DEADLINE:
        if found := look():
            return found
        time.sleep(0.1)
    sys.exit(f"did not come: {what}")


class Receiver(http.server.BaseHTTPRequestHandler):
    """Receives webhooks on this machine, which a local system allows."""

    secret = ""
    events: list[CaseCompletedEvent] = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = Webhook(self.secret).verify(body.decode(), {name.lower(): value for name, value in self.headers.items()})
        except WebhookVerificationError:
            self.send_response(401)
        else:
            self.events.append(CaseCompletedEvent.from_dict(event))
            self.send_response(204)
        self.end_headers()

    def log_message(self, format, *args):
        """Quiet: the output is the summary."""


def upload(client, case, path):
    with open(path, "rb") as file:
        content = file.read()
    announced = right(
        announce_document.sync(
            case,
            client=client,
            idempotency_key=str(uuid.uuid4()),
            body=AnnounceBody(
                kind="passport",
                side="front",
                content_type="image/png",
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            ),
        )
    )
    link = announced.upload
    httpx.request(link.method, link.url, headers=link.headers.to_dict(), content=content).raise_for_status()


def listed(client, external_id):
    """All cases with an external id, page by page."""
    cursor: str | Unset = UNSET
    while True:
        page = right(list_cases.sync(client=client, external_id=external_id, cursor=cursor))
        yield from page.data
        if page.next_cursor is None:
            return
        cursor = page.next_cursor


def onboard(client, path):
    external_id = f"python-{uuid.uuid4()}"
    name = {"given": "Anna", "family": "Kovacs"}
    applicant = {"name": name, "date_of_birth": "1990-03-04", "country": "HU", "email": "anna@example.com"}
    started = right(
        start_case.sync(
            client=client,
            idempotency_key=external_id,
            body=StartBody(
                workflow="kyc",
                external_id=external_id,
                subject=StartBodySubject.from_dict({"type": "individual", "external_id": external_id, "name": name}),
                context=StartBodyContext.from_dict({"applicant": applicant}),
            ),
        )
    )
    upload(client, started.id, path)
    right(send_event.sync(started.id, client=client, body=EventBody(type_="SUBMIT")))

    def end() -> Case | None:
        case = right(get_case.sync(started.id, client=client))
        return case if case.status != CaseStatus.ACTIVE else None

    ended = until("the end of the case", end)
    refused = send_event.sync(started.id, client=client, body=EventBody(type_="SUBMIT"))
    if not isinstance(refused, Problem):
        sys.exit("an event after the end was taken")
    event = until("the webhook", lambda: next((e for e in Receiver.events if e.data.case == started.id), None))
    return {
        "case": started.id,
        "outcome": ended.outcome,
        "listed": sum(1 for one in listed(client, external_id) if one.id == started.id),
        "refused": refused.code,
        "webhook": event.data.outcome,
    }


def main():
    client = AuthenticatedClient(base_url=os.environ["API"], token=os.environ["KEY"], timeout=httpx.Timeout(30))
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    hook = right(
        create_webhook.sync(
            client=client,
            idempotency_key=str(uuid.uuid4()),
            body=WebhookBody(url=f"http://127.0.0.1:{receiver.server_port}/", events=["case.completed"]),
        )
    )
    Receiver.secret = hook.secret
    try:
        print(json.dumps(onboard(client, sys.argv[1])))
    finally:
        delete_webhook.sync_detailed(hook.id, client=client)
        receiver.shutdown()


main()
