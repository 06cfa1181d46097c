"""Everything that is done with the project, by name: ``nox -s docs``, ``nox -s tests``, and so on.

Each session makes its own environment, with the versions of ``constraints.txt``.

docs        build the site into docs/_build/html, warnings as errors
docs-live   the same, then serve it and build again when a file changes
tests       unit, property and registry-wide tests
site        tests of the built site: freshness, links, browser (builds it first where needed)
lint        ruff (rules and format) and mypy
zoo         what the zoo holds, what is estimated, old or missing
bench       timings, and the sizes of what is installed
numbers     published numbers that moved since the last release, and why
accuracy    predictions beside measurements, and beside the last release's
fit         fit the constants on the measurements, into mlsysim/constants.toml
wheel       install the built wheel into an empty environment and run every gallery file against it
notebooks   execute every notebook that the built site offers
broken      break equations one at a time, and say which claims of the examples fall
lock        make constraints.txt anew
"""

import http.server
import os
import shutil
import threading
import time
from functools import partial
from pathlib import Path

import nox

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "tests", "docs"]

ROOT = Path(__file__).parent
SITE = ROOT / "docs" / "_build" / "html"
GENERATED = ("zoo", "math", "solvers", "accuracy", "textbook", "gallery")
FILES = ("math.md", "nomenclature.md", "numbers.md", "moved.md", "sources.md", "cli.md", "assumptions.md")


def setup(session: nox.Session, *extras: str, groups: tuple[str, ...] = ()) -> None:
    """Install the project in place, with extras and groups, as locked."""
    session.env.update(PYTHONDONTWRITEBYTECODE="", UV_COMPILE_BYTECODE="1", UV_CONSTRAINT="", PIP_CONSTRAINT="")
    if shutil.which("node") is None and ("docs" in extras or "tests" in groups):
        groups = (*groups, "node")
    wanted = f".[{','.join(extras)}]" if extras else "."
    command = ["-c", "constraints.txt", "-e", wanted]
    for group in groups:
        command += ["--group", group]
    session.install(*command)


def clean() -> None:
    """Remove everything that a build generates."""
    shutil.rmtree(ROOT / "docs" / "_build", ignore_errors=True)
    for name in GENERATED:
        shutil.rmtree(ROOT / "docs" / name, ignore_errors=True)
    for name in FILES:
        (ROOT / "docs" / name).unlink(missing_ok=True)


def build(session: nox.Session, *options: str, to: Path = SITE) -> None:
    """Build the site."""
    session.run("python", "-m", "sphinx", "-b", "html", "-j", "2", "-n", "-W", "--keep-going", *options, "docs", str(to))


@nox.session
def docs(session: nox.Session) -> None:
    """Build the site; ``nox -s docs -- clean`` starts from nothing, ``-- release`` builds this version below its own path."""
    setup(session, "docs")
    if "clean" in session.posargs:
        clean()
    if "release" in session.posargs:
        version = session.run("python", "-c", "import mlsysim; print(mlsysim.__version__)", silent=True).strip()
        session.env["MLSYSIM_RELEASE"] = version
        out = ROOT / "docs" / "_build" / "release" / version
        build(session, "-d", str(ROOT / "docs" / "_build" / "release-doctrees"), to=out)
        shutil.copytree(out, out.parent / "latest", dirs_exist_ok=True)
        session.log(f"{out.relative_to(ROOT)} goes below the base address; latest beside it is the base itself")
        return
    build(session)
    session.log(f"the site is in {SITE.relative_to(ROOT)}; serve it with: python -m http.server -d {SITE.relative_to(ROOT)}")


@nox.session(name="docs-live")
def docs_live(session: nox.Session) -> None:
    """Serve the site on port 8000, and build it again when a file changes."""
    setup(session, "docs")
    build(session)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8000), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    session.log("http://127.0.0.1:8000 (stop with Ctrl-C)")
    watched = [ROOT / n for n in ("docs", "gallery", "mlsysim", "zoo")]

    def state() -> float:
        skip = {"_build", *GENERATED, "__pycache__"}
        files = (p for w in watched for p in w.rglob("*") if p.is_file() and not skip & set(p.relative_to(ROOT).parts[1:-1]))
        return max(p.stat().st_mtime for p in files if p.name not in FILES)

    seen = state()
    while True:
        time.sleep(1)
        if (now := state()) != seen:
            seen = now
            session.run("python", "-m", "sphinx", "-b", "html", "-j", "2", "-n", "docs", str(SITE), success_codes=[0, 1, 2])


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests; arguments go to pytest."""
    setup(session, groups=("tests",))
    session.run("python", "-m", "pytest", "-n", "2", "-q", *session.posargs)


def chromium(session: nox.Session) -> None:
    """Have a Chromium: the machine's, else Debian's where this may install it."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    if not any(map(shutil.which, names)) and shutil.which("apt-get") and os.geteuid() == 0:
        session.run("apt-get", "update", "-qq", external=True, silent=True)
        session.run("apt-get", "install", "-y", "-qq", "chromium", external=True, silent=True)


@nox.session
def site(session: nox.Session) -> None:
    """Test the built site; browser tests are left out, with a word, where there is no Chromium."""
    setup(session, "docs", groups=("tests", "site"))
    chromium(session)
    build(session)
    session.run("python", "-m", "pytest", "-q", "-rs", "--doctest-modules", "tests/site", "-p", "no:cacheprovider", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check rules, format and types."""
    setup(session, "docs", groups=("lint", "tests"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def zoo(session: nox.Session) -> None:
    """Report on the zoo."""
    setup(session)
    session.run("python", "-m", "mlsysim.zoo", "report")


@nox.session
def numbers(session: nox.Session) -> None:
    """Compare the published numbers with those of the last release; ``-- accept 'why'`` and ``-- release`` write."""
    setup(session, "cite")
    session.run("python", "-m", "mlsysim.published", *session.posargs)


@nox.session
def accuracy(session: nox.Session) -> None:
    """Score all predictions, and compare them with those of the last release."""
    setup(session)
    session.run("python", "-m", "mlsysim.accuracy", "score")
    session.run("python", "-m", "mlsysim.accuracy", "track", "tests/accuracy/released.json", *session.posargs)


@nox.session
def fit(session: nox.Session) -> None:
    """Fit the documented constants anew; ``nox -s fit -- training`` fits one family."""
    setup(session, groups=("fit",))
    session.run("python", "-m", "mlsysim.accuracy.fit", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Print timings and sizes."""
    setup(session, "sweeps", groups=("tests", "bench"))
    session.run("python", "tests/bench/sizes.py")
    session.run(
        "python", "-m", "pytest", "tests/bench", "-q", "--benchmark-columns=median,iqr,rounds", "--benchmark-sort=name", *session.posargs
    )


@nox.session
def wheel(session: nox.Session) -> None:
    """Run every gallery file against the wheel, in an empty environment and another folder."""
    session.install("build", "-c", "constraints.txt")
    out = Path(session.create_tmp()).resolve()
    shutil.rmtree(out, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(out), ".", silent=True)
    (built,) = out.glob("*.whl")
    again = ("--reinstall-package", "mlsysim") if session.venv_backend == "uv" else ("--force-reinstall",)
    session.install(*again, f"{built}[plot]", "-c", "constraints.txt")
    with session.chdir(str(out)):
        session.run("mlsysim", "show", "H100", silent=True)
        session.run("python", str(ROOT / "tests" / "run_examples.py"), str(ROOT / "gallery"), env={"MPLBACKEND": "agg"})


@nox.session
def notebooks(session: nox.Session) -> None:
    """Execute every notebook that the built site offers for download: the gallery's, then the tutorials', and these as programs."""
    setup(session, "docs")
    build(session)
    session.run("python", "tests/run_examples.py", str(SITE / "_downloads"), "plot_*.ipynb")
    tutorials = str(SITE / "_downloads" / "tutorials")
    session.run("python", "tests/run_examples.py", tutorials, "*.ipynb")
    session.run("python", "tests/run_examples.py", tutorials, "*.py", env={"MPLBACKEND": "agg"})


@nox.session
def broken(session: nox.Session) -> None:
    """Break equations; ``nox -s broken -- memory_time 1.1`` breaks one, and files of examples leave out all others."""
    setup(session, "sweeps")
    session.run("python", "tests/broken.py", *session.posargs)


@nox.session
def lock(session: nox.Session) -> None:
    """Make constraints.txt anew, for the oldest Python that is supported."""
    session.install("uv")
    command = [
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--all-extras",
        "--universal",
        "--python-version",
        "3.11",
        "--no-annotate",
        "--no-header",
    ]
    for group in ("tests", "site", "node", "bench", "wheel", "lint", "fit"):
        command += ["--group", group]
    session.run(*command, "--quiet", "-o", "constraints.txt", "--upgrade")
