"""``python -m console.reference``: make the generated parts of ``docs`` anew."""

import click

from console.reference.blocks import BLOCKS
from console.reference.pages import stale


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where a page is stale.")
def main(check: bool) -> None:
    """Make the generated parts of the manual anew, and say which pages have changed."""
    found = list(stale(BLOCKS))
    for path, text in found:
        click.echo(path.name)
        if not check:
            path.write_text(text, "utf-8")
    if check and found:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
