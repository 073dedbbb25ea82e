"""``gouji user``: who may use the web console."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from console.access.roles import Role
from console.cli import output
from console.cli.errors import Conflict, Misused, NotFound
from console.cli.invocation import Invocation, pass_invocation
from console.cli.journal_file import transaction

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_ROLE = click.Choice([str(role) for role in Role])


_OPEN: Final = (
    "{name} 是最后一个用户，删除后人人不必登录 is the last user: "
    "without any, whoever reaches the web console is let in without a password"
)
_SHUT: Final = (
    "{name} 是最后一个能登录的用户，停用后无人能登录 is the last user who can log in: "
    "after this nobody can, until one is enabled or added"
)


@contextmanager
def _transaction(invocation: Invocation) -> Iterator["Session"]:
    from console.accounts import passwords, users

    with transaction(invocation) as session:
        try:
            yield session
        except users.UnknownUser as error:
            raise NotFound(
                f"没有这个用户 there is no user {error}", hint="gouji user list"
            ) from error
        except users.NameTaken as error:
            raise Conflict(
                f"名称已用过 there is, or was, a user of that name: {error}",
                hint="gouji user list",
                code="name_taken",
            ) from error
        except (users.UnusableName, passwords.PasswordTooWeak) as error:
            raise Misused(str(error), code="unusable") from error


def _password() -> str:
    """Ask for a password twice on a terminal; off one, read a line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("密码 Password", hide_input=True, confirmation_prompt=True, err=True))


def _demand_agreed(invocation: Invocation, name: str, deed: str) -> None:
    """Ask before the last user goes, or the last who can log in; a program has to say ``--yes``."""
    from console.accounts import users

    with invocation.database() as database, database.reading() as session:
        rows = [row for row in users.rows(session) if deed == "remove" or row.disabled_at is None]
    if [row.name for row in rows] != [name]:
        return
    meaning = (_OPEN if deed == "remove" else _SHUT).format(name=name)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Misused(meaning, hint=f"gouji user {deed} {name} --yes", code="last_user")
    click.confirm(f"{meaning}. 继续 Go on?", abort=True, err=True)


_YES = click.option("--yes", "-y", is_flag=True, help="不再询问 Do not ask, even of the last one.")


@click.group("user")
def command() -> None:
    """用户 Add, list, disable and remove users of the web console."""


@command.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=_ROLE,
    default=str(Role.OPERATOR),
    show_default=True,
    help="角色 What they may do: see; decide; manage users too.",
)
@output.json_option
@pass_invocation
def add(invocation: Invocation, name: str, role: str, as_json: bool) -> None:
    """新增用户 Add a user; the password is asked for, or read from stdin."""
    from console.accounts import users

    password = _password()
    with _transaction(invocation) as session:
        users.add(session, name, password, Role(role), by=getpass.getuser())
    _tell(as_json, name, "added", "已新增")


@command.command("list")
@output.json_option
@pass_invocation
def list_users(invocation: Invocation, as_json: bool) -> None:
    """用户一览 List the users."""
    from console.accounts import users

    with invocation.database() as database, database.reading() as session:
        rows = [asdict(row) for row in users.rows(session)]
    if as_json:
        output.emit(rows)
        return
    from console.cli.listing import print_list

    head = ("名称 Name", "角色 Role", "建于 Created", "停用于 Disabled")
    print_list(head, [list(row.values()) for row in rows])


@command.command("passwd")
@click.argument("name")
@output.json_option
@pass_invocation
def passwd(invocation: Invocation, name: str, as_json: bool) -> None:
    """更改密码 Change a password; sessions of the user end."""
    from console.accounts import users

    password = _password()
    with _transaction(invocation) as session:
        users.change_password(session, name, password, by=getpass.getuser())
    _tell(as_json, name, "password changed", "已更改密码")


@command.command("role")
@click.argument("name")
@click.argument("role", type=_ROLE)
@output.json_option
@pass_invocation
def change_role(invocation: Invocation, name: str, role: str, as_json: bool) -> None:
    """更改角色 Change what a user may do."""
    from console.accounts import users

    with _transaction(invocation) as session:
        users.change_role(session, name, Role(role), by=getpass.getuser())
    _tell(as_json, name, "role changed", "已更改角色")


@command.command("disable")
@click.argument("name")
@_YES
@output.json_option
@pass_invocation
def disable(invocation: Invocation, name: str, yes: bool, as_json: bool) -> None:
    """停用 Let a user log in no more; sessions of the user end.

    The last one who can log in is disabled only with --yes, or after a question.
    """
    from console.accounts import users

    if not yes:
        _demand_agreed(invocation, name, "disable")
    with _transaction(invocation) as session:
        users.disable(session, name, by=getpass.getuser())
    _tell(as_json, name, "disabled", "已停用")


@command.command("enable")
@click.argument("name")
@output.json_option
@pass_invocation
def enable(invocation: Invocation, name: str, as_json: bool) -> None:
    """启用 Let a user log in again."""
    from console.accounts import users

    with _transaction(invocation) as session:
        users.enable(session, name, by=getpass.getuser())
    _tell(as_json, name, "enabled", "已启用")


@command.command("remove")
@click.argument("name")
@_YES
@output.json_option
@pass_invocation
def remove(invocation: Invocation, name: str, yes: bool, as_json: bool) -> None:
    """删除 Remove a user for good; the name is never given to another.

    The last one is removed only with --yes, or after a question: without any user, whoever
    reaches the web console is let in without a password.
    """
    from console.accounts import users

    if not yes:
        _demand_agreed(invocation, name, "remove")
    with _transaction(invocation) as session:
        users.remove(session, name, by=getpass.getuser())
    _tell(as_json, name, "removed", "已删除")


def _tell(as_json: bool, name: str, done: str, chinese: str) -> None:
    if as_json:
        output.emit({"name": name, "done": done})
    else:
        click.echo(f"{chinese} {done}: {name}")
