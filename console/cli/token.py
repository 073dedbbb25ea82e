"""``gouji token``: who may push documents, or use the JSON API."""

from typing import Final

import click

from console.cli import output
from console.cli.errors import Conflict, NotFound
from console.cli.invocation import Invocation, pass_invocation
from console.cli.journal_file import transaction

_LONGEST_NAME: Final = 64


@click.group("token")
def command() -> None:
    """令牌 Make, list and revoke tokens for pushing documents and for the JSON API."""


@command.command("create")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["viewer", "operator", "admin"]),
    help="角色 What it may do with the API; without one it pushes documents and nothing else.",
)
@output.json_option
@pass_invocation
def create(invocation: Invocation, name: str, role: str | None, as_json: bool) -> None:
    """新建令牌 Make a token for NAME and print it, this once; only its digest is kept."""
    if not (name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME):
        raise click.BadParameter(
            f"a name has 1 to {_LONGEST_NAME} visible characters", param_hint="NAME"
        )
    from models import token
    from models.event import EventName
    from worker.logs import record

    with transaction(invocation) as session:
        try:
            made = token.issue(session, name, role)
        except token.NameTaken as error:
            raise Conflict(
                f"名称已用过 there is, or was, a token of that name: {name}",
                hint="gouji token list",
                code="name_taken",
            ) from error
        record(session, EventName.TOKEN_CREATED, holder=name, role=role)
    if as_json:
        output.emit({"name": name, "role": role, "token": made})
        return
    click.echo(made)
    output.say("只显示这一次 shown this once; send it as  Authorization: Bearer TOKEN")


@command.command("list")
@output.json_option
@pass_invocation
def list_tokens(invocation: Invocation, as_json: bool) -> None:
    """令牌一览 List who has a token."""
    from sqlalchemy import select

    from models.token import PushToken

    with invocation.database() as database, database.reading() as session:
        rows = [
            {
                "name": row.name,
                "role": row.role,
                "created_at": row.created_at,
                "revoked_at": row.revoked_at,
            }
            for row in session.scalars(select(PushToken).order_by(PushToken.id))
        ]
    if as_json:
        output.emit(rows)
        return
    from console.cli.listing import print_list

    head = ("名称 Name", "角色 Role", "建于 Created", "吊销于 Revoked")
    print_list(head, [list(row.values()) for row in rows])


@command.command("revoke")
@click.argument("name")
@output.json_option
@pass_invocation
def revoke(invocation: Invocation, name: str, as_json: bool) -> None:
    """吊销令牌 Let the token of NAME count no longer."""
    from models import token
    from models.event import EventName
    from worker.logs import record

    with transaction(invocation) as session:
        if not token.revoke(session, name):
            told = f"没有这个在用令牌 no token in use is called {name!r}"
            raise NotFound(told, hint="gouji token list")
        record(session, EventName.TOKEN_REVOKED, holder=name)
    if as_json:
        output.emit({"name": name, "revoked": True})
    else:
        click.echo(f"已吊销 revoked: {name}")
