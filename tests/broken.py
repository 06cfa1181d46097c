"""Break equations one at a time, and see which claims of the examples fall: ``broken.py [EQUATION ...] [FACTOR] [EXAMPLE ...]``.

An equation is broken by multiplying what it returns, in every reading. Each example, of the gallery or a tutorial, that
rests on it then runs in a process of its own and draws nothing. Every ``assert`` is a claim, or several that ``and`` joins,
and all of them are tried: a claim *falls*, *stands* although what it compares has moved, is *untouched* as nothing in it
has, or is *not reached* as the example raised before it. Without equations, all that examples rest on are broken in turn,
each by 1.1; EXAMPLE is the path of a file, and leaves out all others.
"""

import ast
import copy
import functools
import importlib
import itertools
import json
import multiprocessing
import os
import pkgutil
import re
import signal
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import mlsysim
from mlsysim import readings, zoo
from mlsysim.equation import EQUATIONS, Equation, find

ROOT = Path(__file__).parent.parent
FACTOR = 1.1
SECONDS = 120
VERDICTS = ("fell", "raised", "stood", "untouched")
CELL = re.compile(r"```\{code-cell\}.*\n((?::.*\n|---\n(?:.*\n)*?---\n)*)((?:.*\n)*?)```")


class Nothing:
    """Stands for what only draws: any call and any part of it is itself."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return (lambda *a, **k: (self, self)) if name == "subplots" else self

    def __call__(self, *args: Any, **named: Any) -> "Nothing":
        return self

    def __getitem__(self, key: Any) -> "Nothing":
        return self

    def __iter__(self) -> Any:
        return itertools.repeat(self)

    def __enter__(self) -> "Nothing":
        return self

    def __exit__(self, *raised: Any) -> None:
        return None


@dataclass
class Run:
    """What became of an example's claims, which are counted in order.

    ``compared`` says what each compares, ``raised`` what ended the example early, ``called`` the equations that were called.
    """

    fell: list[int] = field(default_factory=list)
    compared: dict[str, list[str]] = field(default_factory=dict)
    raised: str = ""
    called: list[str] = field(default_factory=list)

    def of_claim(self, number: int, whole: "Run") -> str:
        """Return what became of a claim, beside the run in which nothing is broken."""
        if number in self.fell:
            return "fell"
        compared = self.compared.get(str(number))
        return "not reached" if compared is None else "untouched" if compared == whole.compared[str(number)] else "stood"

    def verdict(self, whole: "Run") -> str:
        """Return what became of the example: it fell if a claim did, and it is untouched if all claims are."""
        if self.fell or self.raised:
            return "fell" if self.fell else "raised"
        return "stood" if any(self.of_claim(int(n), whole) == "stood" for n in whole.compared) else "untouched"


class Claims(ast.NodeTransformer):
    """Turns each part of each assert into a call, so that all are tried; ``found`` lists them, with their lines."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        parts = node.test.values if isinstance(node.test, ast.BoolOp) and isinstance(node.test.op, ast.And) else [node.test]
        tried: list[ast.stmt] = []
        for part in parts:
            empty = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
            given = [ast.Constant(len(self.found)), part, ast.Lambda(empty, compared(part))]
            tried.append(ast.Expr(ast.Call(ast.Name("_claim", ast.Load()), given, [])))
            self.found.append((part.lineno, " ".join(ast.unparse(part).split())))
        return [ast.copy_location(t, node) for t in tried]


def compared(claim: ast.expr) -> ast.expr:
    """Return an expression for what a claim compares."""
    match claim:
        case ast.Compare(left=left, comparators=others):
            parts = [left, *others]
        case ast.BoolOp(values=values):
            parts = [compared(v) for v in values]
        case ast.UnaryOp(operand=operand):
            return compared(operand)
        case ast.Call(func=ast.Name(id="all" | "any"), args=[ast.GeneratorExp(elt=each, generators=over)]):
            return ast.ListComp(compared(each), over)
        case ast.Call(func=ast.Attribute(value=inner, attr="all" | "any"), args=[]):
            return compared(inner)
        case ast.Call(args=args):
            parts = args
        case _:
            return claim
    return ast.Tuple(copy.deepcopy(parts), ast.Load())


def spelled(value: Any) -> str:
    """Write what is compared, its numbers to nine digits, so that a rounding is no difference."""
    value = getattr(value, "magnitude", value)
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, dict):
        value = list(value.items())
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(spelled, value))}]"
    if isinstance(value, (set, frozenset)):
        return spelled(sorted(map(spelled, value)))
    return f"{value:.9g}" if isinstance(value, (int, float)) else value if isinstance(value, str) else type(value).__name__


class Example:
    """A program, or a notebook in text, whose claims are tried one by one."""

    def __init__(self, path: Path) -> None:
        text = path.read_text("utf-8")
        self.path = path
        self.name = f"{path.parent.name}/{path.stem.removeprefix('plot_')}"
        claims = Claims()
        self.tree = ast.fix_missing_locations(claims.visit(ast.parse(text if path.suffix == ".py" else cells(text), str(path))))
        self.claims = claims.found

    def claim(self, number: int) -> str:
        """Return the name of a claim: where it stands, and what it says."""
        line, text = self.claims[number]
        return f"{self.name}:{line}  {text}"

    def run(self) -> Run:
        """Run it in this process."""
        done = Run()

        def claim(number: int, holds: Any, compared: Callable[[], Any]) -> None:
            if not holds and number not in done.fell:
                done.fell.append(number)
            try:
                done.compared.setdefault(str(number), []).append(spelled(compared()))
            except Exception:  # what stands behind an ``or`` may hold only where what is before it does not
                done.compared[str(number)].append("")

        names = {a.name for n in ast.walk(self.tree) if isinstance(n, ast.Import) for a in n.names}
        names |= {n.module for n in ast.walk(self.tree) if isinstance(n, ast.ImportFrom) and n.module}
        nothing: Any = Nothing()
        drawing = {n for n in names if n.startswith(("matplotlib.", "mlsysim.plot."))}
        sys.modules |= dict.fromkeys({"matplotlib", "mlsysim.plot"} | drawing, nothing)
        try:
            exec(compile(self.tree, str(self.path), "exec"), {"__name__": "__main__", "__file__": str(self.path), "_claim": claim})
        except Exception as error:
            done.raised = f"{type(error).__name__}: {error}".split("\n")[0]
        return done


@functools.cache
def example_at(path: Path) -> Example:
    """Return the example in a file, read once."""
    return Example(path)


def cells(text: str) -> str:
    """Return the code of a notebook in text, each line where it stands in the notebook."""
    lines = [""] * (text.count("\n") + 1)
    for cell in CELL.finditer(text):
        first = text.count("\n", 0, cell.start(2))
        code = cell[2].splitlines()
        lines[first : first + len(code)] = code
    return "\n".join(lines)


def broken(eq: Equation, factor: float) -> None:
    """Multiply what an equation returns: in the function, which all who imported it hold, and in the tree that readings compile."""
    tree = copy.deepcopy(eq.tree)
    last: Any = tree.body[-1]
    last.value = ast.BinOp(last.value, ast.Mult(), ast.Constant(factor))
    ast.fix_missing_locations(tree)
    vars(eq)["tree"] = tree
    plain = copy.deepcopy(tree)
    plain.decorator_list, plain.returns = [], None
    for argument in plain.args.args:
        argument.annotation = None
    scope = dict(eq.function.__globals__)
    exec(compile(ast.Module([plain], []), eq.function.__code__.co_filename, "exec"), scope)
    eq.function.__code__ = scope[eq.name].__code__


def calls_of(work: Callable[[], Run]) -> Run:
    """Work, and note the equations that are called, or looked up for a reading that compiles them."""
    known, called = {eq.function.__code__: name for name, eq in EQUATIONS.items()}, set()

    def note(frame: Any, event: str, arg: Any) -> None:
        if event == "call":
            if frame.f_code in known:
                called.add(known[frame.f_code])
            elif frame.f_code is find.__code__:
                called.add(frame.f_locals["name"])

    sys.setprofile(note)
    try:
        done = work()
    finally:
        sys.setprofile(None)
    done.called = sorted(called & EQUATIONS.keys())
    return done


def apart(path: Path, equation: str = "", factor: float = FACTOR) -> Run:
    """Run an example in a process of its own, with an equation broken or, where none is given, with calls noted."""
    example = example_at(path)
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            os.close(reader)
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115  (the process ends with it)
            signal.signal(signal.SIGALRM, late)
            signal.alarm(SECONDS)
            warnings.simplefilter("ignore")
            if equation:
                broken(EQUATIONS[equation], factor)
            done = example.run() if equation else calls_of(example.run)
            with open(writer, "w") as out:
                json.dump(asdict(done), out)
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader) as said:
        text = said.read()
    os.waitpid(child, 0)
    return Run(**json.loads(text)) if text else Run(raised="ended without a word")


def late(number: int, frame: Any) -> None:
    """End an example that does not end."""
    raise TimeoutError(f"not done after {SECONDS} s")


def prepare() -> None:
    """Load what examples rest on, once, before processes split off; no equation may be called yet, as results are kept."""
    for name in mlsysim.__all__:
        getattr(mlsysim, name)
    for module in pkgutil.iter_modules(readings.__path__, f"{readings.__name__}."):
        importlib.import_module(module.name)
    for entry in zoo.names():
        zoo.load(entry)
    for eq in EQUATIONS.values():
        eq.tree  # noqa: B018  (reads it)


def every_example() -> list[Path]:
    """Return the files of all examples and tutorials."""
    notebooks = (p for p in (ROOT / "docs" / "tutorials").glob("*.md") if p.stem != "index")
    return sorted((ROOT / "gallery").glob("*/plot_*.py")) + sorted(notebooks)


def all_of(jobs: Iterable[tuple[Any, ...]]) -> dict[tuple[Any, ...], Run]:
    """Run all jobs, as many at a time as there are cores."""
    listed = list(jobs)
    with multiprocessing.get_context("fork").Pool() as pool:
        return dict(zip(listed, pool.starmap(apart, listed, chunksize=1), strict=True))


def one(equation: str, runs: dict[Path, Run], whole: dict[Path, Run]) -> None:
    """Print what became of each claim when one equation broke."""
    for path, run in runs.items():
        example = example_at(path)
        print(f"\n{example.name}: {run.verdict(whole[path])}" + (f" {run.raised}" if run.raised else ""))
        for number in range(len(example.claims)):
            print(f"  {run.of_claim(number, whole[path]):12}{example.claim(number)}")
    rest = [example_at(p).name for p in whole if p not in runs]
    verdicts = [run.verdict(whole[p]) for p, run in runs.items()]
    print(f"\n{equation} is used by {len(runs)}: " + ", ".join(f"{verdicts.count(v)} {v}" for v in VERDICTS))
    print(f"It is not used by {len(rest)}: {', '.join(rest)}")


def table(runs: dict[tuple[Path, str], Run], whole: dict[Path, Run]) -> list[str]:
    """Print what fell with each equation and for each example; return the examples that stood all breaks."""
    print(f"{'equation':44}{'examples':>9}" + "".join(f"{v:>10}" for v in VERDICTS) + f"{'claims':>9}{'fell':>6}")
    for name in EQUATIONS:
        own = {path: run for (path, eq), run in runs.items() if eq == name}
        if own:
            verdicts = [run.verdict(whole[p]) for p, run in own.items()]
            counts = "".join(f"{verdicts.count(v):10}" for v in VERDICTS)
            claims = sum(len(example_at(p).claims) for p in own)
            print(f"{name:44}{len(own):9}{counts}{claims:9}{sum(len(r.fell) for r in own.values()):6}")
    used = {eq for _, eq in runs}
    print(f"\nEquations that no example rests on: {', '.join(n for n in EQUATIONS if n not in used) or 'none'}")
    stood: list[str] = []
    untouched: list[str] = []
    never = []
    for path in whole:
        example = example_at(path)
        broke = {eq: run for (p, eq), run in runs.items() if p == path}
        print(f"\n{example.name}: {len(broke)} equations")
        for verdict in VERDICTS:
            if names := [eq for eq, run in broke.items() if run.verdict(whole[path]) == verdict]:
                print(f"  {verdict} {len(names)}: {', '.join(names)}")
        for number in range(len(example.claims)):
            became = {run.of_claim(number, whole[path]) for run in broke.values()}
            if "fell" not in became:
                (stood if "stood" in became else untouched).append(example.claim(number))
        if not any(run.fell for run in broke.values()):
            never.append(example.name)
    print("\nClaims that no break felled, though some moved what they compare:", *stood, sep="\n  ")
    print("\nClaims that no break touched:", *untouched, sep="\n  ")
    print(f"\nExamples that no break felled: {', '.join(never) or 'none'}")
    return never


def survey(paths: list[Path], factor: float, equations: Iterable[str] = ()) -> tuple[dict[Path, Run], dict[tuple[Path, str], Run]]:
    """Run examples as they stand, and again with each equation broken that they rest on, or only some."""
    whole = {path: run for (path,), run in all_of((p,) for p in paths).items()}
    chosen = set(equations or EQUATIONS)
    jobs = [(p, eq, factor) for p, run in whole.items() for eq in run.called if eq in chosen]
    return whole, {(p, eq): run for (p, eq, _), run in all_of(jobs).items()}


def main(*arguments: str) -> int:
    """Break what is asked for; return 1 where an example fails as it stands, or stands whatever breaks."""
    prepare()
    paths = [Path(a).resolve() for a in arguments if a.endswith((".py", ".md"))]
    others = [a for a in arguments if not a.endswith((".py", ".md"))]
    factors = [float(a) for a in others if a[0].isdigit()]
    equations = [find(a).name for a in others if not a[0].isdigit()]
    whole, runs = survey(paths or every_example(), factors[0] if factors else FACTOR, equations)
    failing = [p for p, run in whole.items() if run.fell or run.raised]
    for path in failing:
        print(f"{example_at(path).name} fails with nothing broken: {whole[path].raised or 'a claim fell'}")
    if failing:
        return 1
    for name in equations:
        one(name, {p: run for (p, eq), run in runs.items() if eq == name}, whole)
    return 0 if equations else bool(table(runs, whole))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
