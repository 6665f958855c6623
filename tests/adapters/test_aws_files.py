"""The user's config files on disk: found, read whatever they are, and watched."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.files import at_rest
from trayexec.adapters import aws_files, plain_file
from trayexec.adapters.aws_files import LONGEST_FILE, MOST_PAIRS, AwsFiles, expand
from trayexec.core.config.profiles import Catalogue, Profile
from trayexec.core.config.surroundings import Surroundings
from trayexec.light.errors import TrayexecError, Trouble, visible

PHONE = "arn:aws:iam::111111111111:mfa/phone"
ROLE = "arn:aws:iam::222222222222:role/A"
GOOD = f"[default]\nmfa_serial = {PHONE}\n[profile a]\nrole_arn = {ROLE}\nsource_profile = default\n"


def files_in(home: Path, **environment: str) -> AwsFiles:
    """The files of someone whose home this is."""
    return AwsFiles({"HOME": str(home), **environment}, session_name="trayexec-alice")


def put(home: Path, config: str | bytes, name: str = "config") -> Path:
    """Write the config file, in its usual place, long ago."""
    path = home / ".aws" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(config if isinstance(config, bytes) else config.encode())
    return at_rest(path)


def refused(files: AwsFiles) -> Trouble:
    """The trouble that loading is."""
    with pytest.raises(TrayexecError) as caught:
        files.load()
    return caught.value.trouble


def works(catalogue: Catalogue) -> bool:
    """Whether profile `a` is served."""
    return isinstance(catalogue.profiles.get("a"), Profile)


def test_the_usual_files_are_read_and_the_credentials_file_wins(tmp_path: Path) -> None:
    """Both are in ~/.aws; values of the second replace those of the first."""
    put(tmp_path, GOOD + "region = eu-west-1\n")
    put(tmp_path, "[a]\nregion = eu-west-2\n[old]\naws_access_key_id = AKIA\n", "credentials")
    found = files_in(tmp_path).load()
    assert list(found.profiles) == ["default", "a", "old"]
    assert found.profiles["a"].region == "eu-west-2"


def test_no_files_are_no_profiles(tmp_path: Path) -> None:
    """A new machine is no error."""
    assert files_in(tmp_path).load() == Catalogue({})


def test_the_variables_name_other_files(tmp_path: Path) -> None:
    """With `~` and `$VAR`, as botocore expands them."""
    config = tmp_path / "x y" / "config"
    config.parent.mkdir()
    config.write_text(GOOD)
    for name in ("~/x y/config", "$HOME/x y/config", "${BASE}/config", str(config)):
        assert works(files_in(tmp_path, AWS_CONFIG_FILE=name, BASE=str(config.parent)).load())
    assert not works(files_in(tmp_path, AWS_CONFIG_FILE="$NOWHERE/config").load())


def test_a_request_names_its_own_files(tmp_path: Path) -> None:
    """They beat the agent's variables, and every pair has a catalogue of its own."""
    put(tmp_path, GOOD)
    other = put(tmp_path, GOOD.replace("profile a", "profile b"), "other")
    files = files_in(tmp_path)
    assert works(files.load())
    assert list(files.load(Surroundings(str(other), os.devnull)).profiles) == ["default", "b"]
    assert works(files.load())


def test_a_request_may_not_leave_the_folder_open(tmp_path: Path) -> None:
    """The agent's working folder is not the caller's."""
    with pytest.raises(TrayexecError, match="absolute"):
        files_in(tmp_path).load(Surroundings("config"))


def test_an_unknown_home_is_no_error() -> None:
    """Without HOME the operating system is asked; nobody's home is nowhere."""
    assert expand("~nobody-of-that-name/x", {}) == "~nobody-of-that-name/x"
    assert Path(expand("~/x", {})).is_absolute()


def test_the_null_device_is_an_empty_file(tmp_path: Path) -> None:
    """People set it to say "no credentials file"."""
    put(tmp_path, GOOD)
    assert works(files_in(tmp_path, AWS_SHARED_CREDENTIALS_FILE=os.devnull).load())


def test_the_same_catalogue_comes_back_until_a_file_changes(tmp_path: Path) -> None:
    """Either file; also when the new one has the old one's date and length, or is another one by the same name."""
    path = put(tmp_path, GOOD)
    files = files_in(tmp_path)
    first = files.load()
    assert files.load() is first
    put(tmp_path, "[a]\nregion = eu-west-2\n", "credentials")
    assert files.load().profiles["a"].region == "eu-west-2"
    seen = path.stat()
    replacement = path.with_name("new")
    replacement.write_text(GOOD.replace("role/A", "role/B"))
    os.utime(replacement, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    replacement.replace(path)
    profile = files.load().profiles["a"]
    assert profile.role_arn == "arn:aws:iam::222222222222:role/B"


def test_a_linked_file_is_followed_and_its_target_watched(tmp_path: Path) -> None:
    """Dotfiles are often links into a repository."""
    target = tmp_path / "dotfiles"
    target.write_text("")
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").symlink_to(target)
    files = files_in(tmp_path)
    assert not works(files.load())
    target.write_text(GOOD)
    assert works(files.load())


def test_files_from_windows_are_read(tmp_path: Path) -> None:
    """Windows line ends are accepted."""
    put(tmp_path, GOOD.replace("\n", "\r\n").encode())
    assert works(files_in(tmp_path).load())


BROKEN: dict[str, tuple[str | bytes, str]] = {
    "duplicate section": (GOOD + "[profile a]\n", "Line 6"),
    "duplicate key": (GOOD + "source_profile = x\n", "Line 6"),
    "no section": ("region = x\n" + GOOD, "Line 1"),
    "no setting": (GOOD + "what is this\n", "Line 6"),
    "open bracket": (GOOD + "\n[profile b\n", "Line 7"),
    "indented": (GOOD + "s3 =\n  what\n", "indented"),
    "Latin-1": (GOOD.encode() + b"\n# gr\xfc\xdfe\n", "line 7"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD.encode(), "byte order mark"),  # botocore, both CLIs, Java: refused
    "UTF-16": (GOOD.encode("utf-16"), "line 1"),
    "too long": (b"#" * (LONGEST_FILE + 1), "too long"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, kind: str) -> None:
    """And with what to do; nothing of what the line says is repeated, it could be a key."""
    content, place = BROKEN[kind]
    path = put(tmp_path, content)
    trouble = refused(files_in(tmp_path))
    assert place in str(trouble.title)
    assert str(path) in str(trouble.title)
    assert str(trouble.hint)
    assert "what" not in str(trouble.title).replace("what is", "").split(str(path))[-1]


@pytest.mark.parametrize("name", ["config", "credentials"])
@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_breaks_is_refused_whatever_it_said_before(tmp_path: Path, kind: str, name: str) -> None:
    """As AWS's tools refuse it; once it is repaired it is read again."""
    put(tmp_path, GOOD)
    files = files_in(tmp_path)
    assert works(files.load())
    before = GOOD if name == "config" else ""
    path = put(tmp_path, BROKEN[kind][0], name)
    for _ in range(2):
        assert str(path) in str(refused(files).title)
    put(tmp_path, before + "# repaired\n", name)
    assert works(files.load())


def test_a_broken_file_that_is_repaired_works(tmp_path: Path) -> None:
    """Without a restart."""
    path = put(tmp_path, "rubbish")
    files = files_in(tmp_path)
    refused(files)
    path.write_text("other rubbish")
    refused(files)
    refused(files)
    path.write_text(GOOD)
    assert works(files.load())


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_a_file_that_disappears_is_as_if_there_were_none(tmp_path: Path, name: str) -> None:
    """AWS's tools see no profile of it either; another file by its name is read."""
    put(tmp_path, GOOD)
    put(tmp_path, "[x]\naws_access_key_id = AKIA\n", "credentials")
    files = files_in(tmp_path)
    assert list(files.load().profiles) == ["default", "a", "x"]
    path = tmp_path / ".aws" / name
    text = path.read_text()
    path.unlink()
    assert list(files.load().profiles) == (["x"] if name == "config" else ["default", "a"])
    path.write_text(text)
    assert list(files.load().profiles) == ["default", "a", "x"]


def emptied(path: Path, text: str) -> None:
    """As `aws configure` and many editors write."""
    path.write_text("")
    time.sleep(0.1)
    path.write_text(text)


def taken_away(path: Path, text: str) -> None:
    """As some editors do: the file is gone for a moment."""
    path.unlink()
    time.sleep(0.1)
    path.write_text(text)


def half(path: Path, text: str) -> None:
    """In two steps, the first of which ends within a setting."""
    with path.open("w") as file:
        file.write(text[: text.index("source_profile") + 8])
        file.flush()
        time.sleep(0.1)
        file.write(text[text.index("source_profile") + 8 :])


def within_a_value(path: Path, text: str) -> None:
    """In two steps, the first of which is a whole file with half a role in it."""
    with path.open("w") as file:
        file.write(text[: text.index("role/A") + 6])
        file.flush()
        time.sleep(0.02)
        file.write(text[text.index("role/A") + 6 :])


@pytest.mark.parametrize("write", [emptied, taken_away, half, within_a_value])
def test_a_file_that_is_just_being_written_is_waited_for(
    tmp_path: Path, write: Callable[[Path, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks in the middle gets what it says in the end: neither an error nor half a role."""
    monkeypatch.setattr(aws_files, "SETTLED", 10 * aws_files.SETTLED)  # on a busy machine the writer is slow
    path = put(tmp_path, GOOD)
    files = files_in(tmp_path)
    files.load()
    old, new = plain_file.stamp_of(str(path)), GOOD.replace("role/A", "role/ABC")
    writer = threading.Thread(target=write, args=(path, new))
    writer.start()
    while plain_file.stamp_of(str(path)) == old:
        pass
    found = files.load().profiles["a"]
    writer.join()
    assert isinstance(found, Profile)
    assert found.role_arn == ROLE + "BC"


def test_a_file_that_is_empty_and_not_yet_dated_anew_is_waited_for(tmp_path: Path) -> None:
    """For a moment Linux shows an emptied file with its former date, however old that is."""
    path = put(tmp_path, GOOD)
    files = files_in(tmp_path)
    files.load()
    written = path.stat().st_mtime_ns
    put(tmp_path, "")
    os.utime(path, ns=(written, written))
    writer = threading.Timer(0.1, path.write_text, [GOOD])
    writer.start()
    assert works(files.load())
    writer.join()


def test_nothing_is_waited_for_where_nobody_writes(tmp_path: Path) -> None:
    """A file that was broken a while ago is refused at once, and one that never was is not looked for twice."""
    path = put(tmp_path, "rubbish")
    os.utime(path, (1, 1))
    os.utime(path.parent, (1, 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "sleep", lambda seconds: pytest.fail(f"it sleeps {seconds} s"))
        refused(files_in(tmp_path))
        path.write_text(GOOD)
        os.utime(path, (2, 2))
        os.utime(path.parent, (1, 1))
        assert works(files_in(tmp_path).load())


@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "endless link"])
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    """A pipe without a writer does not block, a device is not read to its end."""
    path = tmp_path / ".aws" / "config"
    path.parent.mkdir()
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to("/dev/zero")
        case _:
            path.symlink_to(path)
    assert str(path) in str(refused(files_in(tmp_path)).title)


@contextmanager
def without_rights() -> Iterator[None]:
    """Run as nobody, in case the tests run as somebody who may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_unreadable_file_is_said(tmp_path: Path) -> None:
    """With the command that shows why; whatever it said before."""
    path = put(tmp_path, GOOD)
    files = files_in(tmp_path)
    files.load()
    path.chmod(0)
    with without_rights():
        trouble = refused(files)
    path.chmod(0o600)
    assert works(files.load())
    assert f"`ls -l {path}`" in str(trouble.hint)


@pytest.mark.parametrize("name", ["/x\0y", "/" + "x" * 300, "/\udcff/x"])
def test_a_name_that_cannot_be_is_an_error_or_nothing(tmp_path: Path, name: str) -> None:
    """Never a traceback."""
    found: Catalogue | Trouble
    try:
        found = files_in(tmp_path).load(Surroundings(name))
    except TrayexecError as error:
        found = error.trouble
    assert found == Catalogue({}) if isinstance(found, Catalogue) else visible(str(found.title)) == str(found.title)


def test_a_file_replaced_again_and_again_is_never_seen_half(tmp_path: Path) -> None:
    """Whoever reads meanwhile sees one version or the other, or is told; never a mixture."""
    path = put(tmp_path, GOOD)
    other = GOOD.replace("[profile a]", "[profile b]") + "\n" * 5000
    files = files_in(tmp_path)
    files.load()
    done = threading.Event()

    def write() -> None:
        for turn in range(150):
            path.write_text(other if turn % 2 else GOOD + "\n" * 9000)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(tuple(files.load().profiles))
    writer.join()
    # In between the file is truncated, which is a version too: nobody can tell it from an emptied file.
    assert seen <= {(), ("default",), ("default", "a"), ("default", "b")}


def test_no_more_pairs_are_remembered_than_agreed(tmp_path: Path) -> None:
    """Projects come and go; the least recently used pair is forgotten."""
    put(tmp_path, GOOD)
    files = files_in(tmp_path)
    first = files.load()
    for number in range(MOST_PAIRS * 2):
        files.load(Surroundings(str(tmp_path / f"{number}")))
        assert files.load() is first
    assert len(files._pairs) == MOST_PAIRS


def test_many_threads_get_the_same_catalogue(tmp_path: Path) -> None:
    """Callers come in parallel."""
    put(tmp_path, GOOD)
    files = files_in(tmp_path)
    found: list[Catalogue] = []
    threads = [threading.Thread(target=lambda: found.append(files.load())) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(each) for each in found}) == 1


def test_a_thousand_profiles_are_all_there(tmp_path: Path) -> None:
    """Large organisations have them."""
    lines = [
        f"[profile p{n}]\nrole_arn = arn:aws:iam::222222222222:role/A{n}\nsource_profile = default\n"
        for n in range(1000)
    ]
    put(tmp_path, GOOD + "".join(lines))
    found = files_in(tmp_path).load()
    assert len([each for each in found.profiles.values() if isinstance(each, Profile)]) == 1002


def test_keys_in_a_file_stay_there(tmp_path: Path) -> None:
    """What is loaded has no trace of them."""
    put(tmp_path, GOOD)
    put(
        tmp_path,
        "[default]\naws_access_key_id = AKIAX\naws_secret_access_key = s3cret\naws_session_token = t0ken\n",
        "credentials",
    )
    files = files_in(tmp_path)
    files.load()
    everything = repr(files.load()) + repr(files._pairs)
    assert not [secret for secret in ("AKIAX", "s3cret", "t0ken") if secret in everything]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.binary(max_size=60) | st.just(b"[default]\nmfa_serial = GAHT12345678\n"))
def test_any_bytes_are_a_catalogue_or_a_trouble(tmp_path: Path, config: bytes, shared: bytes) -> None:
    """Nothing else is raised."""
    for path in (put(tmp_path, config), put(tmp_path, shared, "credentials"), tmp_path / ".aws"):
        os.utime(path, (1, 1))  # nobody is writing it just now
    found: Catalogue | Trouble
    try:
        found = files_in(tmp_path).load()
    except TrayexecError as error:
        found = error.trouble
    assert isinstance(found, Catalogue) or (str(found.title) and str(found.hint))


def test_a_stamp_is_given_for_everything(tmp_path: Path) -> None:
    """Also for what cannot be: a number that stays the same until there is something."""
    path = tmp_path / "x"
    nothing = plain_file.stamp_of(str(path))
    assert nothing == plain_file.stamp_of(str(path))
    path.write_text("")
    assert plain_file.stamp_of(str(path)) != nothing
    assert plain_file.stamp_of("a\0b") != nothing
