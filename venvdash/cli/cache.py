"""`venvdash cache`: what uv's cache holds, and cleaning it without touching an environment."""

from collections.abc import Sequence

import click

from venvdash.actions.cache.plan import CacheError
from venvdash.actions.events import Finished
from venvdash.cli import output, prompts
from venvdash.cli.common import fail, interrupted, session, warn_of_problems
from venvdash.cli.naming import scan
from venvdash.cli.pipeline import F, Job, planned, run
from venvdash.cli.styles import say
from venvdash.formats import size
from venvdash.model.cached_packages import CachedPackage, CacheUse
from venvdash.model.packaging import canonical_name
from venvdash.presentation.uv_cache import (
    cache_in_words,
    cache_json,
    cache_table,
    clean_plan,
    linking_in_words,
)
from venvdash.session import Session
from venvdash.text import counted, visible


def _planned(function: F) -> F:
    return planned(function, "Do not ask for confirmation.")


@click.group("cache", invoke_without_command=True, short_help="Show or clean uv's cache.")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show what uv's cache holds, or clean it; without a command, show it."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command)


@command.command("list", short_help="Show which packages uv's cache holds.")
@click.option("-a", "--all", "every", is_flag=True, help="Show every package.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def list_command(records: bool, every: bool, as_json: bool) -> None:
    """Show which packages uv's cache holds, and what environments use of them.

    Cleaning a package that environments have as hard links frees little, so it is not offered.
    """
    opened = session(records=records)
    use = _use(opened)
    if as_json:
        output.print_json({"cache": cache_json(use)})
        return
    for line in cache_table(use, every=every):
        click.echo(line)
    for sentence in cache_in_words(use, opened.machine.home):
        say(sentence)


@command.command("clean", short_help="Remove packages that no environment uses from uv's cache.")
@click.argument("packages", nargs=-1, metavar="[PACKAGE]...")
@_planned
@click.pass_obj
def clean(
    records: bool, packages: tuple[str, ...], dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Remove packages that no environment uses, or of these only PACKAGE, from uv's cache.

    uv removes them (`uv cache clean PACKAGE`), and downloads them again when they are needed.
    Environments keep working: packages that one has or links to are left, also those in projects
    and in the trash. Environments in uv's cache are left, too.
    """
    opened = session(records=records, changing=True)
    use = _use(opened)
    if use.unread:
        fail(f"Nothing was removed: {use.unread}, so that it is not known what is in use.", 2)
    chosen = _chosen(use, packages)
    if yes and use.linking and chosen and not dry_run:
        fail(f"{linking_in_words(use)} Run it without `--yes` to decide.", 2)
    if not chosen and not as_json:
        click.echo("Nothing to clean: every package in uv's cache is in use.", err=True)
        return
    question = f"Remove {counted(len(chosen), 'package')} from uv's cache?"
    job = Job(
        lines=clean_plan(use, chosen, opened.machine.home),
        plan={"cache": cache_json(use), "packages": [package.name for package in chosen]},
        possible=len(chosen),
        ask=lambda: prompts.confirm(question),
        declined=("nothing was removed", "remove them"),
        work=lambda cancel: opened.actions.clean_cache(chosen, cancel),
        done=lambda result: "",  # the summary counts the packages
        summary=_cleaned,
    )
    raise click.exceptions.Exit(run(job, dry_run=dry_run, yes=yes, as_json=as_json))


def _cleaned(finished: Finished) -> str:
    if not finished.cleaned:
        return ""
    what = counted(len(finished.cleaned), "package")
    return f"Removed {what} from uv's cache, reclaimed {size(finished.freed)}."


def _use(opened: Session) -> CacheUse:
    """Scan, and return what uv's cache holds; leaves with 1 if it cannot be read."""
    scan(opened, usage=False)
    warn_of_problems(opened)
    with interrupted() as cancel:
        try:
            return opened.actions.cache_use(cancel)
        except CacheError as error:
            fail(str(error), 1)


def _chosen(use: CacheUse, names: Sequence[str]) -> list[CachedPackage]:
    """Return the packages to remove; leaves with 1 or 2 where one cannot be."""
    free = {package.name: package for package in use.free}
    if not names:
        return list(free.values())
    cached = {package.name for package in use.contents.packages}
    for name in map(canonical_name, names):
        if name not in cached:
            fail(f"uv's cache does not hold {visible(name)}. Nothing was removed.", 1)
        if name not in free:
            number = use.users.get(name, 0)
            who = counted(number, "environment") if number else "an environment that is not listed"
            fail(f"{visible(name)} is used by {who}. Nothing was removed.", 2)
    return [free[name] for name in dict.fromkeys(map(canonical_name, names))]
