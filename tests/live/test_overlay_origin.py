"""An overlay is known by what it is, not by its path; and one of which nothing says whose it is is refused."""

import hashlib
import json
import os
import pwd
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from support.rig import Rig
from trayexec.light import context
from trayexec.light.errors import TrayexecError
from trayexec.live import overlay_origin

MINE = "[default]\nregion = eu-west-1\n"
TEXT = "# 0123456789abcdef\n# Written by trayexec from /home/me/.aws/config\n\n[default]\n"


def digest(*paths: str) -> str:
    """How the folder of an overlay of these files is called."""
    return hashlib.sha256("\0".join(paths).encode()).hexdigest()[:16]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder as overlays have, with one in it, as it is made of this person's usual files."""
    own = str(tmp_path / ".aws/config"), str(tmp_path / ".aws/credentials")
    folder = tmp_path / ".local/state/trayexec/live" / digest(*own)
    folder.mkdir(parents=True)
    for name, text in {"config": TEXT, "server": TEXT[19:], "credentials": ""}.items():
        (folder / name).write_text(text)
    document = {"config": own[0], "shared": own[1], "session": {}, "command": ["/bin/trayexec"]}
    (folder / "origin").write_text(json.dumps(document))
    (folder / "origin").chmod(0o600)
    return folder


def environment(place: Path, **more: str) -> dict[str, str]:
    """A shell in which this overlay is the AWS config."""
    home = next(one for one in place.parents if not {".local", "elsewhere"} & {*one.parts})
    return {
        "HOME": str(home),
        "AWS_CONFIG_FILE": f"{place}/config",
        "AWS_SHARED_CREDENTIALS_FILE": f"{place}/credentials",
        **more,
    }


def own(place: Path) -> dict[str, str]:
    """The files that it was made of."""
    document = json.loads((place / "origin").read_text())
    return {"config": document["config"], "shared": document["shared"]}


def lost(environ: dict[str, str]) -> str:
    """The refusal."""
    with pytest.raises(TrayexecError) as caught:
        context.files(environ)
    assert caught.value.trouble.code == "overlay_lost"
    return str(caught.value.trouble.title)


def test_the_record_beside_it_says_whose_it_is(place: Path) -> None:
    """For each of the three files, whatever the folder is called and by which way it is reached."""
    assert context.files(environment(place)) == own(place)
    assert context.files(environment(place, AWS_CONFIG_FILE=f"{place}/server")) == own(place)
    (place.parents[4] / "elsewhere").symlink_to(place)
    assert context.files(environment(place.parents[4] / "elsewhere")) == own(place)
    renamed = shutil.copytree(place, place.parent / "renamed")
    assert context.files(environment(renamed)) == own(place)


@pytest.mark.parametrize("unset", [["XDG_STATE_HOME"], ["HOME", "XDG_STATE_HOME"]])
def test_the_record_is_believed_whatever_an_environment_has_lost(
    place: Path, unset: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where HOME is missing or another (sandboxes set it), the user list says where the home is."""
    environ = {**environment(place, HOME="/nowhere", XDG_STATE_HOME="/elsewhere")}
    for name in unset:
        del environ[name]
    home = str(place.parents[4])
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: pwd.struct_passwd(("me", "x", uid, uid, "", home, "/bin/sh")))
    assert context.files(environ) == own(place)


REPOSITORY = {  # how a project's files, or its variables, could pretend that it holds an overlay
    "a plain folder": "aws",
    "one that is called like ours": ".local/state/trayexec/live/{digest}",
    "one that XDG_STATE_HOME makes ours": "state/trayexec/live/{digest}",
}


@pytest.mark.parametrize("where", REPOSITORY)
def test_a_record_in_a_cloned_repository_is_not_believed(place: Path, where: str) -> None:
    """It is the user's own file by owner and mode, but somebody else has written what it says.

    The config beside it is the one that AWS's tools read, and so do we; a copy of an overlay is refused.
    """
    repository = place.parents[4] / "src/project"
    files = {"config": f"{repository}/other", "shared": f"{repository}/keys"}
    folder = repository / REPOSITORY[where].format(digest=digest(*files.values()))
    folder.mkdir(parents=True)
    forged = {**files, "session": {"XDG_RUNTIME_DIR": "/evil"}, "command": ["/evil"]}
    (folder / "origin").write_text(json.dumps(forged))
    for name in ("config", "server", "credentials"):
        (folder / name).write_text(MINE)
    environ = environment(place, XDG_STATE_HOME=f"{repository}/state", AWS_SHARED_CREDENTIALS_FILE="")
    for name in ("config", "server"):
        named = {**environ, "AWS_CONFIG_FILE": f"{folder}/{name}"}
        assert context.files(named) == {"config": f"{folder}/{name}"}
        assert overlay_origin.outside(named)["AWS_CONFIG_FILE"] == f"{folder}/{name}"
        assert overlay_origin.completed(named) == named
        assert overlay_origin.starter(f"{folder}/{name}", named) == ()
    (folder / "config").write_text(TEXT)
    assert str(folder / "config") in lost({**environ, "AWS_CONFIG_FILE": f"{folder}/config"})


@pytest.mark.parametrize("folder", ["src/trayexec/live", "trayexec/live/0123456789abcdef", "x/trayexec/live/y"])
def test_a_path_makes_no_overlay(tmp_path: Path, folder: str) -> None:
    """A config of the user's own in a folder that is called like one of ours is the user's own."""
    config = tmp_path / folder / "config"
    config.parent.mkdir(parents=True)
    config.write_text(MINE)
    (config.parent / "origin").write_text("[core]\nurl = git@example.com\n")  # anything may be called so
    named = {"HOME": str(tmp_path), "AWS_CONFIG_FILE": str(config), "TRAYEXEC_CONFIG_FILE": "/other"}
    assert context.files(named) == {"config": str(config)}
    assert overlay_origin.outside(named)["AWS_CONFIG_FILE"] == str(config)
    assert context.files({**named, "AWS_CONFIG_FILE": f"~/{folder}/config"} | {"HOME": os.environ["HOME"]})["config"]


def remove(place: Path) -> None:
    """The whole folder is gone."""
    shutil.rmtree(place)


def remove_record(place: Path) -> None:
    """Just the record is."""
    (place / "origin").unlink()


def garble(place: Path) -> None:
    """It says nothing any more."""
    (place / "origin").write_text("{")


def forge(place: Path) -> None:
    """Others may write it."""
    (place / "origin").chmod(0o666)


def give_away(place: Path) -> None:
    """It is another user's."""
    os.chown(place / "origin", 65534, 65534)


def link(place: Path) -> None:
    """It is a link to somewhere else."""
    (place / "origin").rename(place / "real")
    (place / "origin").symlink_to(place / "real")


def clog(place: Path) -> None:
    """It is a pipe that nobody writes to."""
    (place / "origin").unlink()
    os.mkfifo(place / "origin")


SPOILT = [remove, remove_record, garble, forge, link, clog, *([give_away] if os.geteuid() == 0 else [])]


@pytest.mark.parametrize("spoil", SPOILT)
def test_without_a_record_the_environment_is_asked_and_must_fit(place: Path, spoil: Callable[[Path], None]) -> None:
    """TRAYEXEC_CONFIG_FILE counts where the folder is called after those files; else it is refused with words."""
    said = own(place)
    spoil(place)
    remembered = {overlay_origin.OWN[name]: said[key] for name, key in overlay_origin.KEYS.items()}
    assert context.files(environment(place, **remembered)) == said
    assert str(place / "config") in lost(environment(place))
    wrong = {**remembered, "TRAYEXEC_CONFIG_FILE": "/somebody/elses"}
    assert str(place / "config") in lost(environment(place, **wrong))


def test_a_copy_of_an_overlay_is_refused_too(place: Path, tmp_path: Path) -> None:
    """Its first lines tell, wherever it is: what we read would be what we wrote."""
    for name in ("config", "server"):
        copy = tmp_path / f"copy-{name}"
        copy.write_text((place / name).read_text())
        assert str(copy) in lost({"HOME": str(tmp_path), "AWS_CONFIG_FILE": str(copy)})


def test_a_shell_whose_overlay_is_gone_is_told_so(open_rig: Rig) -> None:
    """Neither a run nor a verb takes other files in its place; what needs no files still works."""
    done = open_rig.run("--live", "--", "sh", "-c", "echo $AWS_CONFIG_FILE; echo $AWS_SHARED_CREDENTIALS_FILE")
    config, shared = done.out.split()
    gone: dict[str, str | None] = {"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": shared}
    shutil.rmtree(Path(config).parent)
    for words in (
        ["account-a", "--", "true"],
        ["--live", "account-a", "--", "true"],
        ["account-*", "--", "true"],
        ["credential-process", "account-a"],
        ["env", "account-a"],
        ["list"],
        ["status"],
        ["doctor"],
        ["hook", "bash"],
    ):
        done = open_rig.run(*words, env=gone)
        assert (done.status, done.out) == (125, ""), words
        assert config in done.err
        assert "Open a new shell" in done.err
    assert open_rig.run("version", env=gone).status == 0
    assert open_rig.run("log", env=gone).status == 0
