"""The page of the command line: every command and option as click knows them, and examples that are run."""

import shlex
from typing import Any, ClassVar

import click
from click.testing import CliRunner
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from ..cli import EXIT_CODES, main
from . import shown

SERVED = "mlsysim solve serving --model Llama3_70B --node HGX_H100_4 --batch-size 16 --input-len 1024 --output-len 256 --tp-size 4"
EXAMPLES = {
    "mlsysim zoo": "mlsysim zoo hardware --find h100 --columns memory.capacity,memory.bandwidth,power.tdp",
    "mlsysim show": "mlsysim show quebec",
    "mlsysim solve single-node": "mlsysim solve single-node --model Llama3_8B --hardware H100 "
    "--batch-size 64 --seq-len 2048 --phase decode",
    "mlsysim solve distributed": "mlsysim solve distributed --model Llama3_70B --fleet Research_256 --batch-size 256 --seq-len 8192 "
    "--tp-size 8 --pp-size 8 --zero-stage 1",
    "mlsysim solve serving": SERVED,
    "mlsysim solve load": f"{SERVED} --format json | mlsysim solve load --serving - --arrival-rate '2 request/s' --ttft-target '1 s'",
    "mlsysim solve collective": "mlsysim solve collective --operation all-reduce --message-size '1 GB' "
    "--fleet node=DGX_H100,nodes=16,fabric=InfiniBand_NDR",
    "mlsysim solve economics": "mlsysim solve economics --fleet Research_256,datacenter=Meta_Fleet_2023,grid=US_Average "
    "--duration '1 year' --lifetime Infrastructure.Prices.Server_Lifetime.assumption.lifetime "
    "--maintenance-rate Infrastructure.Prices.Server_Lifetime.assumption.maintenance_rate",
    "mlsysim solve sustainability": "mlsysim solve sustainability --fleet "
    "node=DGX_H100,nodes=32,datacenter=Meta_Fleet_2023,grid=US_Average --duration '30 days'",
    "mlsysim solve reliability": "mlsysim solve reliability --fleet Llama3_405B --job-duration '54 days' --checkpoint-time '60 s' "
    "--recovery-time '10 min'",
    "mlsysim exercises": "mlsysim exercises --topic reliability --seed 7",
    "mlsysim why": "mlsysim why single-node latency_memory --model Llama3_8B --hardware H100 --batch-size 64 --seq-len 2048 "
    "--phase decode --efficiency 1",
}
"""A command line for each command."""

HEAD = """# Command line

The command `mlsysim` comes with the library. It lists what the zoo holds, answers with each solver, and derives each number.

```{mls-cli} mlsysim solve serving --model Llama3_8B --hardware H100 --batch-size 32 --input-len 1024 --output-len 256
```

Its options are the arguments of the solvers, with the same names, defaults and meanings. So what it says equals what the library says, and
what an error calls `batch_size` is the option `--batch-size`; both spellings are understood. `python -m mlsysim` does the same.

## How things are written

**Entries** of the zoo go by their names, such as `Hardware.Cloud.H100`, or by the end of them, `H100`. What an entry is called
elsewhere, its aliases, will do as well. Capitals, spaces, dashes and underscores count only where they tell names apart. A name that may
mean several entries is refused, and so is one that means none, with the nearest ones:

```{mls-cli} mlsysim show A16
```

```{mls-cli} mlsysim show H10O
```

**Other values** of an entry follow its name, with commas between: `--hardware "H100,memory.bandwidth=4 TB/s"`. A thing of your own is
written by its fields alone, some of which are entries: `--fleet node=DGX_H100,nodes=16,fabric=InfiniBand_NDR`.

**Quantities** carry their unit: `--message-size "1 GB"`. Counts and ratios are plain numbers. A value of the zoo may stand for one, by its
dotted name: `--lifetime Infrastructure.Prices.Server_Lifetime.assumption.lifetime`.

**Efficiency** is one share, `--efficiency 0.6`; several by name, `--efficiency memory=0.8,compute=0.6`; or the family whose
{doc}`documented constants <accuracy/index>` are meant. With `--efficiency 1` the answer is the least that physics allows.

**Results of other solvers** are files: write one with `--format json`, or send it through a pipe, where `-` is the file's name. Such a file
names its solver and arguments, and is solved anew.

```{mls-cli} CHAIN
```

Sweeps over many values are for Python, where an argument may be an array.

## Formats

`--format text` is for reading, and the default. `--format markdown` is for a document. `--format json` is for programs: each number has its
`value` in the coherent `unit`, its `text` as people say it and, where measurements tell, the ends `low` and `high` of its range.

```{mls-cli} mlsysim solve single-node --model Llama3_8B --hardware H100 --seq-len 2048 --phase decode --format json
:lines: 24
```

`mlsysim show` and `mlsysim zoo` print what each source prints, with its unit.

## Exit codes

"""

COMPLETION = """
Errors go to the error stream, as one sentence. What does not fit is said, and counts as no answer:

```{mls-cli} mlsysim solve serving --model Llama3_70B --hardware H100 --input-len 1024 --output-len 256
```

## Completion

The shell completes commands, options, names of entries and fields of results, once it is told so. For Bash (4.4 or later) add the first
line to `~/.bashrc`, for Zsh the second to `~/.zshrc`, and for Fish the third to `~/.config/fish/completions/mlsysim.fish`:

```bash
eval "$(_MLSYSIM_COMPLETE=bash_source mlsysim)"
```

```zsh
eval "$(_MLSYSIM_COMPLETE=zsh_source mlsysim)"
```

```fish
_MLSYSIM_COMPLETE=fish_source mlsysim | source
```

## Commands
"""


def run(line: str) -> tuple[str, int]:
    """Return what a command line prints, and its exit code; a bar sends what one command prints to the next."""
    output, code = "", 0
    for part in line.split(" | "):
        result = CliRunner().invoke(main, shlex.split(part)[1:], input=output, prog_name="mlsysim")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        output, code = result.output, result.exit_code
    return output, code


class CommandDirective(SphinxDirective):
    """``mls-cli``: a command line and what it prints; ``:lines:`` keeps the first few."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Any]] = {"lines": directives.positive_int}

    def run(self) -> list[nodes.Node]:
        """Run the command."""
        line = " ".join(self.arguments[0].split())
        shown.note(self.env, f"cli:{line}")
        output, code = run(line)
        lines = output.rstrip().splitlines()
        most = self.options.get("lines", len(lines))
        lines = [*lines[:most], *(["…"] if len(lines) > most else []), *([f"(exit code {code})"] if code else [])]
        asked = nodes.literal_block("", line.replace(" | ", " |\n  "), language="bash")
        return [asked, nodes.literal_block("", "\n".join(lines), language="text")]


DIRECTIVES = {"mls-cli": CommandDirective}


def page() -> str:
    """Return the page."""
    codes = "\n".join(f"| {code} | {says} |" for code, says in EXIT_CODES.items())
    parts = [HEAD.replace("CHAIN", EXAMPLES["mlsysim solve load"]), f"| Code | Meaning |\n| --- | --- |\n{codes}\n", COMPLETION]
    return "\n".join([*parts, *(section(c, m) for c, m in commands(click.Context(main, info_name="mlsysim"))), ""])


def commands(ctx: click.Context) -> list[tuple[click.Context, click.Command]]:
    """Return every command below one, each with its context, groups before what is in them."""
    found = []
    group = ctx.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        assert command is not None
        below = click.Context(command, parent=ctx, info_name=name)
        found.append((below, command))
        if isinstance(command, click.Group) and name != "why":
            found += commands(below)
    return found


def section(ctx: click.Context, command: click.Command) -> str:
    """Return the section of a command: how it is called, what it does, its options, and an example."""
    path = ctx.command_path
    usage = " ".join([path, *(m for p in command.params for m in [p.make_metavar(ctx)] if isinstance(p, click.Argument))])
    mark = "#" * (2 + path.count(" "))
    parts = [f"{mark} `{path}`", (command.help or "").replace("\n", " ")]
    if isinstance(command, click.Group):
        inside = [f"{path} {n}" for n in command.list_commands(ctx)]
        if path.endswith(" why"):
            parts.append("Its commands and their options are those of `mlsysim solve`, each with the name of a number before them.")
        else:
            parts.append("One of " + ", ".join(f"`{n}`" for n in inside) + ".")
    else:
        parts.append(f"```text\n{usage} [options]\n```")
        rows = [option_row(ctx, p) for p in command.params if isinstance(p, click.Option)]
        parts.append("\n".join(["| Option | Default | Meaning |", "| --- | --- | --- |", *rows]))
    if path in EXAMPLES:
        parts.append(f"```{{mls-cli}} {EXAMPLES[path]}\n```")
    return "\n\n".join(parts) + "\n"


def option_row(ctx: click.Context, option: click.Option) -> str:
    """Return an option as a row of a table."""
    value = "" if option.is_flag else f" {option.make_metavar(ctx)}"
    flags = f"{', '.join([*option.opts, *option.secondary_opts])}{value}"
    stated = isinstance(option.default, str) and option.default
    worth = "needed" if option.required else f"`{option.default}`" if stated else ""
    cells = (f"`{flags}`", worth, option.help or "")
    return "| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |"
