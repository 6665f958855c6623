"""`keys import`: from the AWS files into the keychain, and out of the files only when that is done and agreed."""

import json
import signal
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from awssim.world import Key
from support.desktop import private_desktop
from support.killing import Killer
from support.rig import Rig, rig_on

ALICE, BOB = "111111111111", "222222222222"
LEAST_STEPS = 15  # that an import of one key takes, seen from outside


@pytest.fixture
def own() -> Iterator[Rig]:
    """A rig with a keyring of its own in which nothing is stored; bob of another account has no device."""
    with private_desktop() as desk, rig_on(desk) as rig:
        desk.start_keyring()
        rig.sim.world.add_key(rig.sim.world.add_user(BOB, "bob"))
        yield rig


def keys_of(key: Key) -> str:
    """The two lines of a section."""
    return f"aws_access_key_id = {key.id}\naws_secret_access_key = {key.secret}\n"


def credentials(rig: Rig, text: str | bytes) -> Path:
    """Write `~/.aws/credentials`, readable by all as some have it."""
    path = rig.write("home/.aws/credentials", text)
    path.chmod(0o644)
    return path


def aws_mfa(rig: Rig) -> Path:
    """The files of somebody who uses aws-mfa: the config knows no device, and a session of last week is left over."""
    device = rig.sim.world.device().serial
    rig.config("".join(line for line in _config(rig) if not line.startswith("mfa_serial")))
    return credentials(
        rig,
        f"# of my own\n[default-long-term]\n{keys_of(rig.sim.world.user_key())}aws_mfa_device = {device}\n\n"
        "[default]\nassumed_role = False\naws_access_key_id = ASIAIOSFODNN7EXAMPLE\n"
        f"aws_secret_access_key = {'x' * 40}\naws_session_token = old\naws_security_token = old\n"
        "expiration = 2026-01-31 21:07:09\n\n# the end\n",
    )


def _config(rig: Rig) -> list[str]:
    return rig.sim.world.config_text(rig.sim.url).splitlines(keepends=True)


def item(rig: Rig, name: str) -> str:
    """The id of the key that the keychain has under this name, or nothing."""
    done = rig.run("keys", "list", "--json")
    found = {one["name"]: one["key"] for one in done.json}
    return found.get(name) or ""


def backups(path: Path) -> list[Path]:
    """What the file said before, as it is kept."""
    return sorted(path.parent.glob(f"{path.name}.before-import*"))


def test_from_aws_mfa_to_a_served_profile_in_one_line(own: Rig) -> None:
    """The key is stored, the device is in the config, nothing secret is left or shown, and profiles work."""
    path = aws_mfa(own)
    key, before = own.sim.world.user_key(), path.read_bytes()
    done = own.run("keys", "import", "--yes")
    assert done.status == 0, done.err
    assert path.read_text() == "# of my own\n[default]\n\n# the end\n"
    assert f"mfa_serial = {own.sim.world.device().serial}" in own.desk.home("home/.aws/config").read_text()
    assert key.secret not in done.out + done.err
    assert key.id not in done.out + done.err
    assert "user/alice in 111111111111" in done.out
    (backup,) = backups(path)
    assert backup.read_bytes() == before
    assert {stat.S_IMODE(one.stat().st_mode) for one in (path, backup)} == {0o600}
    assert own.auth().status == 0
    assert own.run("account-a", "--", "true").status == 0


def test_a_dry_run_asks_nobody_and_changes_nothing(own: Rig) -> None:
    """What would go is shown, masked; AWS and the keychain are not asked."""
    path = aws_mfa(own)
    before = path.read_bytes()
    done = own.run("keys", "import", "--dry-run")
    assert done.status == 0
    assert "[default] has temporary credentials that ended at " in done.err
    assert "-aws_secret_access_key = …" in done.err
    assert "+mfa_serial = " in done.err
    assert own.sim.world.user_key().secret not in done.out + done.err
    assert path.read_bytes() == before
    assert not own.sim.calls
    assert not item(own, "default")


@pytest.mark.parametrize("answer", ["n", "y"])
def test_a_person_decides_about_the_files(own: Rig, answer: str) -> None:
    """The keys are stored either way; who says no has the files as they were, and can say yes the next time."""
    path = aws_mfa(own)
    before = path.read_bytes()
    terminal = own.terminal("keys", "import")
    terminal.wait_for(r"Change .*\[y/N\]")
    assert path.read_bytes() == before
    terminal.type(f"{answer}\n")
    assert terminal.ended()[0] == 0
    assert (path.read_bytes() == before) is (answer == "n")
    assert item(own, "default")
    assert own.run("keys", "import", "--yes").status == 0
    assert "aws_secret" not in path.read_text()


def test_a_script_has_to_say_yes(own: Rig) -> None:
    """Without it the keys are stored, and the files stay as they were."""
    path = aws_mfa(own)
    before = path.read_bytes()
    done = own.run("keys", "import", "--json")
    assert done.status == 0
    assert "--yes" in done.err
    assert path.read_bytes() == before
    assert [(one["profile"], one["stored"], one["account"]) for one in done.json["keys"]] == [("default", True, ALICE)]
    assert [one["changed"] for one in done.json["files"]] == [False, False]


def test_what_would_not_be_served_stays_where_it_works(own: Rig) -> None:
    """Keys without a device, of another program maybe: they are named, and their lines stay."""
    own.config(f"{''.join(_config(own))}\n[profile backup]\nendpoint_url = {own.sim.url}\n")
    text = f"[default]\n{keys_of(own.sim.world.user_key())}[backup]\n{keys_of(own.sim.world.user_key('bob'))}"
    path = credentials(own, text)
    done = own.run("keys", "import", "--yes", "--json")
    assert done.status == 0
    assert [(one["profile"], one["stored"]) for one in done.json["keys"]] == [("default", True), ("backup", False)]
    assert done.json["keys"][1]["problem"]["code"] == "keys_account"
    assert path.read_text() == f"[default]\n[backup]\n{keys_of(own.sim.world.user_key('bob'))}"
    assert own.run("keys", "import", "backup", "--yes").status == 125


def test_the_device_of_another_user_is_none(own: Rig) -> None:
    """Keys of a user of the same account cannot use the device of [default]'s, so they stay where they work."""
    other = own.sim.world.add_key(own.sim.world.add_user(ALICE, "ci"))
    own.config(f"{''.join(_config(own))}\n[profile ci]\nendpoint_url = {own.sim.url}\n")
    path = credentials(own, f"[ci]\n{keys_of(other)}[default]\n{keys_of(own.sim.world.user_key())}")
    done = own.run("keys", "import", "--yes", "--json")
    assert {one["profile"]: one["stored"] for one in done.json["keys"]} == {"default": True, "ci": False}
    assert [one["problem"]["code"] for one in done.json["keys"] if one["problem"]] == ["keys_user"]
    assert path.read_text() == f"[ci]\n{keys_of(other)}[default]\n"


def test_keys_that_another_program_puts_in_the_shade_stay(own: Rig) -> None:
    """Stored keys would win over the program, and without the keys the program would win outside."""
    profile = f"\n[profile x]\nendpoint_url = {own.sim.url}\ncredential_process = other\n"
    own.config(f"{''.join(_config(own))}{profile}mfa_serial = {own.sim.world.device().serial}\n")
    for section in ("x", "x-long-term"):
        path = credentials(own, f"[{section}]\n{keys_of(own.sim.world.user_key())}")
        before = path.read_bytes()
        done = own.run("keys", "import", "--yes", "--json")
        assert [one["problem"]["code"] for one in done.json["keys"]] == ["import_changes"]
        assert path.read_bytes() == before
    assert not item(own, "x")


def test_a_role_that_works_elsewhere_alone_keeps_its_keys(own: Rig) -> None:
    """We do not serve it, but AWS's tools do: it would lose its source."""
    role = own.sim.world.profiles["account-a"]
    own.config(
        f"{''.join(_config(own))}\n[profile marked]\nrole_arn = {role}\nsource_profile = default\n"
        "include_profile = other\n[profile other]\nendpoint_url = http://127.0.0.1:9\n"
    )
    path = credentials(own, f"[default]\n{keys_of(own.sim.world.user_key())}")
    before = path.read_bytes()
    assert own.run("keys", "import", "--yes").status == 125
    assert path.read_bytes() == before


def test_a_key_that_aws_refuses_takes_the_device_of_others_with_it(own: Rig) -> None:
    """What would have been served by it stays, too."""
    aws_mfa(own)
    own.config(f"[default]\nendpoint_url = {own.sim.url}\n[profile x]\nendpoint_url = {own.sim.url}\n")
    refused = f"aws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {'x' * 40}\n"
    device = own.sim.world.device().serial
    text = f"[default-long-term]\n{refused}aws_mfa_device = {device}\n[x]\n{keys_of(own.sim.world.user_key())}"
    path = credentials(own, text)
    done = own.run("keys", "import", "--yes", "--json")
    assert [one["problem"]["code"] for one in done.json["keys"]] == ["keys_refused", "profile_mfa"]
    assert path.read_text() == text


def test_a_session_that_ends_after_the_import_goes_with_the_next_one(own: Rig) -> None:
    """As the sentence about it says, though no key is left in the files by then."""
    path = aws_mfa(own)
    path.write_text(path.read_text().replace("2026-01-31", "2036-01-31"))
    done = own.run("keys", "import", "--yes")
    assert "trayexec opens a session of its own. Run this again then" in done.err
    assert own.run("keys", "import", "--json").json["sessions"] == [
        {"section": "default", "file": str(path), "ends_at": "2036-01-31T21:07:09Z", "stays": True}
    ]
    assert "aws_session_token" in path.read_text()
    path.write_text(path.read_text().replace("2036-01-31", "2026-01-31"))
    assert own.run("keys", "import", "--yes").status == 0
    assert path.read_text() == "# of my own\n[default]\n\n# the end\n"


def test_keys_of_another_storage_are_not_shown_to_aws(own: Rig) -> None:
    """MinIO's may look like AWS's; who has written a device beside them says that they are."""
    pair = keys_of(own.sim.world.user_key())
    where = f"\n[profile store]\nendpoint_url = {own.sim.url}\nservices = mine\n"
    services = "\n[services mine]\ns3 =\n  endpoint_url = http://minio.example:9000\n"
    own.config(f"{''.join(_config(own))}{where}{services}")
    path = credentials(own, f"[store]\n{pair}")
    done = own.run("keys", "import", "--yes", "--json")
    assert [one["problem"]["code"] for one in done.json["keys"]] == ["keys_elsewhere"]
    assert not own.sim.calls
    assert pair in path.read_text()
    own.config(f"{''.join(_config(own))}{where}mfa_serial = {own.sim.world.device().serial}\n{services}")
    assert own.run("keys", "import", "--yes").status == 0
    own.config(f"{''.join(_config(own))}{where}{services.replace('minio.example:9000', 's3.eu-west-1.amazonaws.com')}")
    credentials(own, f"[store]\n{pair}")
    assert own.run("keys", "import", "--yes").status == 0


def test_who_is_asked_is_named_where_it_is_not_aws(own: Rig) -> None:
    """A variable that is left over from work with LocalStack leads there."""
    credentials(own, f"[default]\n{keys_of(own.sim.world.user_key())}")
    assert "which is not AWS, whose the keys in [default] are" in own.run("keys", "import").err


def test_keys_that_all_sections_share_stay(own: Rig) -> None:
    """In [DEFAULT], as configparser has it, they are every profile's: no line of one of them can go."""
    path = credentials(own, f"[DEFAULT]\n{keys_of(own.sim.world.user_key())}[default]\n[x]\nregion = r\n")
    done = own.run("keys", "import", "--yes", "--json")
    assert done.status == 125
    assert not any(one["stored"] for one in done.json["keys"])
    assert not item(own, "default")
    assert own.sim.world.user_key().secret in path.read_text()


def test_one_file_for_both_has_each_key_once(own: Rig) -> None:
    """AWS_SHARED_CREDENTIALS_FILE may name the config: [profile x] there is x."""
    pair = keys_of(own.sim.world.user_key())
    device = own.sim.world.device().serial
    path = own.config(f"[profile x]\nendpoint_url = {own.sim.url}\nmfa_serial = {device}\n{pair}")
    own.env["AWS_SHARED_CREDENTIALS_FILE"] = str(path)
    done = own.run("keys", "import", "--yes", "--json")
    assert [(one["profile"], one["stored"]) for one in done.json["keys"]] == [("x", True)]
    assert pair not in path.read_text()


def test_what_stands_beside_a_key_is_not_shown(own: Rig) -> None:
    """Other tools keep their passwords there; and an id may be a secret in the wrong place."""
    own.config(f"{''.join(_config(own))}\n[profile x]\nendpoint_url = {own.sim.url}\n")
    swapped = f"[x]\naws_access_key_id = {'Ab1/' * 9}Zyxw\naws_secret_access_key = AKIAIOSFODNN7EXAMPLE\n"
    pair = keys_of(own.sim.world.user_key())
    credentials(own, f"[default]\nokta_password = hunter2\n{pair}# my token: hunter3\n{swapped}")
    for words in ((), ("--json",)):
        done = own.run("keys", "import", "--dry-run", *words)
        assert "okta_password = …" in done.err
        assert not any(secret in done.out + done.err for secret in ("hunter", "Zyxw"))


def test_what_aws_refuses_stays(own: Rig) -> None:
    """A secret that is wrong is stored nowhere, and is still in the file."""
    key = own.sim.world.user_key()
    path = credentials(own, f"[default]\n{keys_of(key).replace(key.secret, key.secret[::-1])}")
    before = path.read_bytes()
    done = own.run("keys", "import", "--yes")
    assert done.status == 125
    assert path.read_bytes() == before
    assert not item(own, "default")
    assert key.secret[::-1] not in done.out + done.err


def test_other_keys_in_the_keychain_are_not_replaced(own: Rig) -> None:
    """Both are the user's, and only they know which is right."""
    own.store_keys()
    alice = own.sim.world.user_key().holder
    new = own.sim.world.add_key(next(one for one in own.sim.world.users.values() if one.arn == alice.arn))
    path = credentials(own, f"[default]\n{keys_of(new)}")
    done = own.run("keys", "import", "--yes")
    assert done.status == 125
    assert "keys remove default" in done.out
    assert new.secret in path.read_text()
    assert item(own, "default") == "…" + own.sim.world.user_key().id[-4:]


def test_a_role_whose_source_would_change_keeps_the_file_as_it_is(own: Rig) -> None:
    """Keys beside a role are what other roles are assumed with: without them it would be the role itself."""
    role = own.sim.world.profiles["account-a"]
    own.config(
        own.sim.world.config_text(own.sim.url)
        + f"\n[profile both]\nrole_arn = {role}\nsource_profile = default\nendpoint_url = {own.sim.url}\n"
        f"mfa_serial = {own.sim.world.device().serial}\n"
        f"\n[profile from-both]\nrole_arn = {role}\nsource_profile = both\nendpoint_url = {own.sim.url}\n"
    )
    path = credentials(own, f"[both]\n{keys_of(own.sim.world.user_key())}")
    before = path.read_bytes()
    done = own.run("keys", "import", "--yes")
    assert done.status == 125
    assert "would lead elsewhere" in done.out
    assert path.read_bytes() == before


def test_an_edit_that_is_saved_meanwhile_is_kept(own: Rig) -> None:
    """Somebody who saves the file while the question stands finds what they wrote, without the keys."""
    path = aws_mfa(own)
    terminal = own.terminal("keys", "import")
    terminal.wait_for(r"Change .*\[y/N\]")
    path.write_text(path.read_text() + "[new]\nregion = us-east-1\n")
    terminal.type("y\n")
    assert terminal.ended()[0] == 0
    assert "aws_secret" not in path.read_text()
    assert path.read_text().endswith("[new]\nregion = us-east-1\n")


def test_a_file_that_is_broken_meanwhile_stays_as_it_is(own: Rig) -> None:
    """What AWS's tools refuse is not made better by a line of ours; the next import goes on."""
    path = aws_mfa(own)
    config, before = own.desk.home("home/.aws/config"), path.read_bytes()
    terminal = own.terminal("keys", "import")
    terminal.wait_for(r"Change .*\[y/N\]")
    whole = config.read_text()
    config.write_text("[default]\n[default]\n")
    terminal.type("y\n")
    status, said = terminal.ended()
    assert status == 125
    assert "a second time" in said
    assert config.read_text() == "[default]\n[default]\n"
    assert path.read_bytes() == before
    config.write_text(whole)
    assert own.run("keys", "import", "--yes").status == 0
    assert "aws_secret" not in path.read_text()


def test_a_name_for_the_old_text_is_always_found(own: Rig) -> None:
    """What has the name already stays: links are not followed, folders not entered."""
    path = credentials(own, f"[default]\n{keys_of(own.sim.world.user_key())}")
    for number in ("", *range(2, 1001)):
        path.with_name(f"credentials.before-import{number}~").symlink_to("elsewhere")
    assert own.run("keys", "import", "--yes").status == 0
    assert not path.with_name("elsewhere").exists()
    assert own.sim.world.user_key().secret in path.with_name("credentials.before-import1001~").read_text()


def test_what_a_killed_import_left_goes_with_the_next_one(own: Rig) -> None:
    """A second name of the file, keys and all, that nobody would find; other files beside it stay."""
    path = credentials(own, f"[default]\n{keys_of(own.sim.world.user_key())}")
    left, other = path.with_name(f".trayexec-{'0a' * 12}"), path.with_name(".trayexec-notes")
    left.hardlink_to(path)
    other.write_text("mine")
    assert own.run("keys", "import", "--yes").status == 0
    assert not left.exists()
    assert other.read_text() == "mine"


def test_a_link_stays_a_link_and_line_ends_stay(own: Rig) -> None:
    """Of a dotfile that is kept elsewhere, with Windows line ends, just the lines go."""
    left = "; top\r\n[default]\r\nregion = eu-central-1\r\n"
    keys = keys_of(own.sim.world.user_key()).replace("\n", "\r\n")
    real = own.write("home/dotfiles/aws", left + keys)
    path = own.desk.home("home/.aws/credentials")
    path.symlink_to(real)
    assert own.run("keys", "import", "--yes").status == 0
    assert path.is_symlink()
    assert real.read_bytes() == left.encode()
    assert len(backups(real)) == 1


def test_each_line_keeps_its_own_end(own: Rig) -> None:
    """Of a file that was edited on two systems, too."""
    one, two = keys_of(own.sim.world.user_key()).splitlines()
    path = credentials(own, f"# a\n[other]\r\nregion = r\n\n[default]\r\n{one}\n{two}\r\n# b\r\n# c\n".encode())
    assert own.run("keys", "import", "--yes").status == 0
    assert path.read_bytes() == b"# a\n[other]\r\nregion = r\n\n[default]\r\n# b\r\n# c\n"


def test_a_file_that_cannot_be_written_is_named(own: Rig) -> None:
    """The keys are in the keychain then, and in the file: nothing is lost, and the sentence says so."""
    path = credentials(own, f"[default]\n{keys_of(own.sim.world.user_key())}")
    path.chmod(0o400)
    done = own.run("keys", "import", "--yes")
    assert done.status == 125
    assert str(path) in done.err
    assert "still in that file" in done.err
    assert own.sim.world.user_key().secret in path.read_text()
    assert item(own, "default")


def test_a_machine_without_keychain_keeps_its_files(bare: Rig) -> None:
    """There is nowhere to put the keys, so they stay."""
    path = credentials(bare, f"[default]\n{keys_of(bare.sim.world.user_key())}")
    before = path.read_bytes()
    done = bare.run("keys", "import", "--yes")
    assert done.status == 125
    assert path.read_bytes() == before


def test_files_without_keys_are_no_error(own: Rig) -> None:
    """Both are named; a profile that is asked for by name is one."""
    done = own.run("keys", "import")
    assert done.status == 0
    assert str(own.desk.home("home/.aws/credentials")) in done.err
    assert own.run("keys", "import", "--json").json == {"keys": [], "files": [], "sessions": []}
    assert own.run("keys", "import", "nobody").status == 125


def test_another_suffix_of_aws_mfa_is_named(own: Rig) -> None:
    """With or without its dash."""
    credentials(own, f"[default-root]\n{keys_of(own.sim.world.user_key())}")
    for suffix in ("root", "-root"):
        done = own.run("keys", "import", "--dry-run", "--json", f"--long-term-suffix={suffix}")
        assert [one["profile"] for one in done.json["keys"]] == ["default"]


@pytest.mark.parametrize("first", [1, 2])
def test_killed_at_any_step_nothing_is_lost(own: Rig, first: int) -> None:
    """The key is in the file or in the keychain, each file is old or whole and new, and the next import goes through.

    A step is whatever it does to a file, to the keychain or to AWS; what is killed leaves nothing behind in the end.
    """
    path, config, key = aws_mfa(own), own.desk.home("home/.aws/config"), own.sim.world.user_key()
    old = {path: path.read_bytes(), config: config.read_bytes()}
    killer = Killer(own)
    assert killer.run(0, "keys", "import", "--yes") == 0
    new = {path: path.read_bytes(), config: config.read_bytes()}
    assert all(old[one] != new[one] for one in old)
    for number in count(first, 2):
        for one in (*backups(path), *backups(config)):
            one.unlink()
        for one, text in old.items():
            one.write_bytes(text)
        own.desk.run(["secret-tool", "clear", "service", "trayexec", "username", "default"])
        status = killer.run(number, "keys", "import", "--yes")
        found = {one: one.read_bytes() for one in old}
        assert all(found[one] in (old[one], new[one]) for one in old), number
        assert found[path] == old[path] or _secret(own) == key.secret, number
        if status == 0:
            break
        assert status == -signal.SIGKILL
        assert killer.run(0, "keys", "import", "--yes") == 0
        assert {one: one.read_bytes() for one in old} == new, number
        assert _secret(own) == key.secret, number
        assert not [*path.parent.glob(".trayexec-*")], number
    assert number > LEAST_STEPS
    own.start_agent()
    assert not [*own.desk.home("home").rglob(".trayexec-*")]


def _secret(rig: Rig) -> str:
    """What the keychain has for [default]."""
    said = rig.desk.run(["secret-tool", "lookup", "service", "trayexec", "username", "default"])
    return str(json.loads(said)["secret_access_key"])
