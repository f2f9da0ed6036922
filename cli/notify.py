"""`procura notify`: tell people what time has brought and send what waits, once, without Dagster."""

from typing import Annotated

import typer

from cli.output import print_json


def notify(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what waits to be sent, and send nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object and nothing else.")] = False,
) -> None:
    """Write due notices into Inboxes and send what is to be sent by mail and hooks; `procura up` does this by itself."""
    from pipelines.administration.notices_due import tell_what_is_due
    from pipelines.administration.notification_sending import look_ahead, send_due
    from warehouse.clock import now, world_instant
    from warehouse.ledger.store import open_ledger
    from warehouse.settings import current
    from warehouse.stores import open_stores

    settings, at = current(), now()
    with open_stores(settings):
        if dry_run:
            counts = dict(look_ahead(open_ledger(), at=at))
            words = f"{counts['due']:,} to be sent now, {counts['waiting']:,} waiting, {counts['failed']:,} failed in seven days."
        else:
            told = tell_what_is_due(open_ledger(), at=at, world_at=world_instant())
            sent = send_due(open_ledger(), settings, at=at)
            counts = {"told": sum(vars(told).values()), **sent.as_json()}
            words = f"{counts['told']:,} told, {sent.sent:,} messages sent, {sent.retried:,} to be tried again, {sent.failed:,} failed."
    if as_json:
        print_json(counts)
    else:
        print(words)
