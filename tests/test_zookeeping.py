"""Keeping the zoo: templates that load once they are filled in, checks that say what is wrong, a report that adds up."""

import re
import shutil
from datetime import date, timedelta

import pytest

from mlsysim import InputError, zoo, zookeeping


@pytest.fixture
def copy(tmp_path):
    """Return a copy of one file of the zoo, at a place of its own."""

    def put(text, name="Mine", place="Hardware/Cloud"):
        path = tmp_path / "zoo" / place / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return put


TEXT = zoo.path_of("Hardware.Cloud.H100").read_text("utf-8").replace('name = "NVIDIA H100 SXM5 80 GB"', 'name = "Mine"')
TEXT = re.sub(r"aliases = .*", "aliases = []", TEXT)


def test_every_file_of_the_zoo_is_good():
    wrong = {n: found for n in zoo.names() if (found := zookeeping.check(zoo.path_of(n)))}
    assert not wrong


def test_a_good_file_is_good(copy):
    assert zookeeping.check(copy(TEXT)) == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('kind = "stated"', 'kind = "guessed"', "guessed"),
        ('source = "song2026nvidia"', 'source = "song2026nvidja"', "song2026nvidia"),
        ("[memory]", "[memory", "cannot be read"),
        ('value = "80 GB", where', 'value = "80 GBB", where', "capacity"),
        ("the usual training", "the usual 80 GB training", "unit"),
        ("of its generation.", "of its generation", "period"),
        ("[link]", "[lnik]", "lnik"),
        ("aliases = []", 'aliases = ["TPU v5e"]', "already"),
    ],
)
def test_a_bad_file_is_told_what_is_wrong(copy, old, new, says):
    assert old in TEXT
    found = zookeeping.check(copy(TEXT.replace(old, new)))
    assert any(says in f for f in found), found


def test_all_problems_are_told_at_once(copy):
    text = TEXT.replace('where = "H100 technical specifications table, column H100 SXM, row GPU Memory"', 'where = ""')
    text = text.replace('source = "song2026nvidia"', 'source = "nobody"')
    found = zookeeping.check(copy(text))
    assert any("where is empty" in f for f in found)
    assert sum("nobody" in f for f in found) > 5


def test_a_file_at_no_place_of_the_zoo_is_told_so(copy):
    assert "path" in zookeeping.check(copy(TEXT, place="Hardwear/Cloud"))[0]


PLACES = [
    ("Hardware", "Cloud", ""),
    ("Models", "Language", "transformer"),
    ("Models", "Vision", "cnn"),
    ("Infrastructure", "Grids", ""),
    ("Infrastructure", "Datacenters", ""),
    ("Systems", "Nodes", ""),
    ("Systems", "Fabrics", ""),
    ("Systems", "Clusters", ""),
    ("Systems", "Storage", ""),
]


@pytest.mark.parametrize(("kind", "group", "stated"), PLACES)
def test_a_template_names_every_field(kind, group, stated):
    text = zookeeping.template(kind, group, "Something_New", stated)
    owner = zoo.type_of(f"{kind}.{group}.X", stated, {})
    for path, _, _ in zookeeping.fields_of(owner):
        assert re.search(rf"^(# )?{path.rsplit('.', 1)[-1]} = ", text, re.MULTILINE), path


def test_a_filled_template_is_an_entry(copy):
    text = zookeeping.template("Infrastructure", "Grids", "Atlantis")
    text = text.replace("One sentence without a number that has a unit.", "A sunken grid.").replace("key in sources.bib", "song2026nvidia")
    text = re.sub(r'"… (\S+)"', r'"3 \1"', text)
    assert zookeeping.check(copy(text, "Atlantis", "Infrastructure/Grids")) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("Hardwear", "Cloud", "X"), "Hardware"),
        (("Hardware", "Clod", "X"), "Cloud"),
        (("Hardware", "Cloud", "h100"), "exists"),
        (("Hardware", "Cloud", "1X"), "letter first"),
        (("Models", "Language", "X"), "transformer"),
    ],
)
def test_a_template_for_no_place_is_refused(arguments, says):
    with pytest.raises(InputError, match=says):
        zookeeping.template(*arguments)


def test_the_commands(copy, capsys, tmp_path, monkeypatch):
    assert zookeeping.main(["check", str(copy(TEXT))]) == 0
    assert "good" in capsys.readouterr().out
    assert zookeeping.main(["check", str(copy(TEXT.replace("[memory]", "[mem")))]) == 1
    root = tmp_path / "root"
    (root / "Hardware").mkdir(parents=True)
    shutil.copy(zoo.root() / "sources.bib", root)
    monkeypatch.setattr(zoo, "root", lambda: root)
    assert zookeeping.main(["new", "hardware", "cloud", "Brand_New"]) == 0
    assert (root / "Hardware" / "Cloud" / "Brand_New.toml").is_file()
    assert zookeeping.main(["new", "hardware", "clod", "Brand_New"]) == 2
    assert "Cloud" in capsys.readouterr().err


def test_the_report_adds_up():
    text = zookeeping.report()
    entries = sum(int(n) for n in re.findall(r"^  (?:Hardware|Models|Infrastructure|Systems) +(\d+)", text, re.MULTILINE))
    assert entries == len(zoo.names())
    kinds = sum(int(n) for n in re.findall(r"^  (?:stated|measured|derived|estimated) +(\d+)", text, re.MULTILINE))
    assert kinds == len(zookeeping.every_fact())
    assert "Read more than 540 days ago 0" in text
    later = zookeeping.report(date.today() + timedelta(days=600))
    assert f"Read more than 540 days ago {kinds}" in later


def test_few_core_numbers_of_hardware_are_estimated():
    core = [f for f in zookeeping.every_fact() if f.name.startswith("Hardware.") and zookeeping.CORE.match(f.name.split(".", 3)[3])]
    assert len(core) > 300
    assert sum(f.kind == "estimated" for f in core) <= 0.05 * len(core)
