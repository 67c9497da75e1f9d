"""``wfweb replay`` as people and scripts call it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from tests.replay.conftest import EXPECTED, MACHINE
from tests.replay.test_logs import jsonl
from wfweb.cli.replay import command


def call(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments])


@pytest.fixture
def files(app: Flask, tmp_path: Path) -> dict[str, Path]:
    definition = tmp_path / "loan.json"
    definition.write_text(json.dumps(MACHINE))
    wanted = tmp_path / "per_case.jsonl"
    rows = [
        {"case": case, "accepted": flags, "final_state": state}
        for case, (flags, state) in EXPECTED.items()
    ]
    wanted.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    return {"--definition": definition, "--log": jsonl(tmp_path), "--expect": wanted}


def flat(files: dict[str, Path]) -> list[object]:
    return [part for pair in files.items() for part in pair]


def test_without_differences_the_exit_code_is_0(files: dict[str, Path]) -> None:
    done = call(*flat(files), "--json", "--as-of", "2026-03-02T09:12+01:00")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["cases"] == 2
    assert (report["events"], report["accepted"], report["refused"]) == (6, 4, 2)
    assert report["final_states"] == {"granted": 1, "refused": 1}
    assert report["differences"] == 0
    assert report["seconds"] > 0
    assert list(report["open_documents_as_of"].values()) == [{"asked": 2}]


def test_differences_give_1_and_are_shown(files: dict[str, Path]) -> None:
    wanted = files["--expect"]
    wanted.write_text(wanted.read_text().replace("granted", "refused"))
    done = call(*flat(files))
    assert done.exit_code == 1
    assert "a: 11 in “granted”, expected 11 in “refused”" in done.stdout
    assert "1 differences" in done.stdout


@pytest.mark.parametrize(
    ("which", "content", "message"),
    [
        ("--log", "{", "log.jsonl line 1: is not JSON"),
        ("--expect", '{"case": 1}', "per_case.jsonl line 1 has no case"),
        ("--expect", "x", "per_case.jsonl is not JSON"),
        ("--expect", "{}", "per_case.jsonl states nothing to compare with"),
        ("--expect", '{"final_states": {}, "colour": 5}', "states nothing to compare with"),
        ("--definition", "a: *b", "loan.json is no definition"),
        ("--definition", '{"code": "x"}', "“states” is needed"),
    ],
)
def test_a_file_that_cannot_be_read_gives_2_and_its_place(
    files: dict[str, Path], which: str, content: str, message: str
) -> None:
    files[which].write_text(content)
    done = call(*flat(files))
    assert done.exit_code == 2
    assert message in done.stderr


def test_wrong_options_give_2(files: dict[str, Path]) -> None:
    for options in (["--time-zone", "Mars"], ["--as-of", "soon"], ["--batch", "0"]):
        assert call(*flat(files), *options).exit_code == 2
    assert call("--log", files["--log"]).exit_code == 2


def test_a_definition_that_cannot_run_gives_2(files: dict[str, Path]) -> None:
    machine = {**MACHINE, "final": [], "transitions": MACHINE["transitions"][:1]}
    machine["transitions"] = [*machine["transitions"], {"from": "asked", "on": "x", "to": "new"}]
    machine["states"] = ["new", "asked"]
    files["--definition"].write_text(json.dumps(machine))
    done = call(*flat(files))
    assert done.exit_code == 2
    assert "cannot be published" in done.stderr
