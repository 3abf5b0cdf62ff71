"""Command lines that cannot be parsed: what was wrong, in our words, and whose help to read."""

from __future__ import annotations

from typing import Any

import typer

from engine.errors import complaint


class Command(typer.core.TyperCommand):
    """A command that refuses empty values, and a repeated flag of one value, of which Typer would keep the last."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if any(isinstance(parameter, typer.core.TyperArgument) and parameter.nargs == -1 for parameter in self.params):
            args = _negations_last(args)
        try:
            values, _, given = self.make_parser(ctx).parse_args(args=list(args))
        except typer.TyperException as error:
            # Typer does not say whose option it is that lacks its value.
            vars(error)["ctx"] = ctx
            raise
        for option in given:
            single = isinstance(option, typer.core.TyperOption) and not (option.multiple or option.is_flag)
            if single and given.count(option) > 1:
                ctx.fail(f"{_flag(option)} is given {given.count(option)} times; give it once")
            texts = values[option.name] if isinstance(values[option.name], list | tuple) else [values[option.name]]
            if any(isinstance(text, str) and not text.strip() for text in texts):
                ctx.fail(_empty(option))
        return super().parse_args(ctx, args)


class Commands(typer.Typer):
    """A group whose commands are of the class ``Command``."""

    def command(self, name: str | None = None, **settings: Any) -> Any:
        return super().command(name, cls=Command, **settings)


def usage_message(error: typer.TyperException) -> str:
    """One line that ends with the help of the command that was asked for; empty where the error has no message."""
    from pydantic import ValidationError

    message, cause = error.format_message().rstrip("."), error.__cause__
    if isinstance(cause, ValidationError):
        message = f"{_flag(vars(error)['param'])} {complaint(cause.errors()[0])}"
    context = getattr(error, "ctx", None)
    return message and f"{message} (see `{context.command_path if context else 'scalearn'} --help`)"


def _negations_last(args: list[str]) -> list[str]:
    """Terms such as ``-seed:0`` behind ``--``, where they are not taken for flags."""
    from engine.runs.selection import is_term

    end = args.index("--") if "--" in args else len(args)
    negations = [word for word in args[:end] if word[:1] == "-" != word[1:2] and is_term(word)]
    return [*(word for word in args[:end] if word not in negations), "--", *negations, *args[end + 1 :]] if negations else args


def _empty(parameter: Any) -> str:
    if isinstance(parameter, typer.core.TyperArgument):
        return f"{parameter.metavar} is empty"
    return f"{_flag(parameter)} is empty; write it as in {_flag(parameter)} {parameter.metavar or 'VALUE'}, or leave it out"


def _flag(parameter: Any) -> str:
    """``--lines`` of an option that is also ``-n``."""
    return str(max(parameter.opts, key=len))
