"""What `publish` promises: the tree is the artifacts, nothing more, and yours is never touched."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitegen.base.errors import Problem, SiteError
from sitegen.model import Artifact
from sitegen.storage import exchange
from sitegen.storage.exchange import Mechanism
from sitegen.storage.publish import MARKER, Published, publish

MECHANISMS: tuple[Mechanism, ...] = ("exchange", "renames", "files")
Files = dict[str, bytes]

SITE: Files = {
    "index.html": b"home",
    "posts/a/index.html": b"a",
    "posts/b/index.html": b"b",
    "style.css": b"p {}",
}


def put(site: Path, files: Files, mechanism: Mechanism | None = None) -> Published:
    artifacts = [Artifact(path, content, f"{path}.md") for path, content in files.items()]
    return publish(artifacts, site / "public", site, mechanism=mechanism)


def tree(folder: Path) -> Files:
    """Every entry below the folder: files with their content, links and empty folders by a mark."""
    found: Files = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = b"<link>"
        elif path.is_file():
            found[name] = path.read_bytes()
        elif not any(path.iterdir()):
            found[name] = b"<empty>"
    return found


def assert_published(site: Path, files: Files) -> None:
    assert tree(site / "public") == files | {MARKER: b""}


def refused(files: Files | list[Artifact], output: Path, site: Path) -> tuple[Problem, ...]:
    if isinstance(files, dict):
        files = [Artifact(path, content, "test") for path, content in files.items()]
    with pytest.raises(SiteError) as raised:
        publish(files, output, site)
    assert all(problem.severity == "fatal" for problem in raised.value.problems)
    return raised.value.problems


# --- the tree ---------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "c", "index.html", "é"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)


def without_clashes(files: Files) -> Files:
    """The files whose folders are not files."""
    folders = {"/".join(p.split("/")[:n]) for p in files for n in range(1, len(p.split("/")))}
    return {path: content for path, content in files.items() if path not in folders}


sites = st.dictionaries(paths, st.sampled_from([b"", b"1", b"2"]), max_size=8).map(without_clashes)


def alter(output: Path, path: str) -> None:
    if (output / path).is_file():
        (output / path).write_bytes(b"altered by hand")


def delete(output: Path, path: str) -> None:
    if os.path.lexists(output / path):
        exchange.remove(output / path)


def replace(output: Path, path: str) -> None:
    """Another inode, with the same size and time."""
    if (file := output / path).is_file():
        status = file.stat()
        file.rename(output / "kept")
        file.write_bytes(b"?" * status.st_size)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
        (output / "kept").unlink()


def add(output: Path, path: str) -> None:
    delete(output, path)
    with suppress(FileExistsError, NotADirectoryError):
        (output / path).mkdir(parents=True)
        (output / path / "extra").write_bytes(b"extra")


def add_folder(output: Path, path: str) -> None:
    (output / "empty" / path).mkdir(parents=True, exist_ok=True)


def add_link(output: Path, path: str) -> None:
    """A link to a folder outside that holds files of the same names."""
    delete(output, path.split("/")[0])
    (output / path.split("/")[0]).symlink_to(output.parent / "outside")


def forget(output: Path, path: str) -> None:
    shutil.rmtree(output.parent / ".sitegen")


def damage_standby(output: Path, path: str) -> None:
    for standby in output.parent.glob(".sitegen/next/*"):
        add_link(standby, path)
        add(standby, "x/y")


def damage_trace(output: Path, path: str) -> None:
    for trace in output.parent.glob(".sitegen/trace/*"):
        content = trace.read_bytes()
        trace.write_bytes(content[: len(content) // 2])


ACCIDENTS: tuple[Callable[[Path, str], None], ...] = (
    alter,
    delete,
    replace,
    add,
    add_folder,
    add_link,
    forget,
    damage_standby,
    damage_trace,
)


@settings(max_examples=80, deadline=None)
@given(
    steps=st.lists(
        st.tuples(sites, st.sampled_from([*MECHANISMS, None]), st.sampled_from(ACCIDENTS), paths),
        min_size=1,
        max_size=6,
    )
)
def test_the_tree_is_the_last_set(
    steps: list[tuple[Files, Mechanism | None, Callable[[Path, str], None], str]],
) -> None:
    """Whatever was published before, by whatever mechanism, and whatever befell the folders."""
    with tempfile.TemporaryDirectory() as name:
        site = Path(name)
        outside: Files = {"a/b": b"mine", "index.html": b"mine"}
        for path, content in outside.items():
            (site / "outside" / path).parent.mkdir(parents=True, exist_ok=True)
            (site / "outside" / path).write_bytes(content)
        for files, mechanism, accident, path in steps:
            put(site, files, mechanism)
            assert_published(site, files)
            assert put(site, files, mechanism) == Published(0, len(files), 0)
            accident(site / "public", path)
            put(site, files, mechanism)
            assert_published(site, files)
            assert tree(site / "outside") == outside


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_counts(tmp_path: Path, mechanism: Mechanism) -> None:
    assert put(tmp_path, SITE, mechanism) == Published(4, 0, 0, mechanism)
    assert put(tmp_path, SITE, mechanism) == Published(0, 4, 0)
    changed = SITE | {"index.html": b"new"}
    del changed["style.css"]
    assert put(tmp_path, changed, mechanism) == Published(1, 2, 1, mechanism)


def test_one_file_takes_the_place_of_another(tmp_path: Path) -> None:
    put(tmp_path, SITE)
    for content in (b"1", b"2"):
        changed = SITE | {"posts/a/index.html": content}
        assert put(tmp_path, changed) == Published(1, 3, 0, "file")
        assert_published(tmp_path, changed)
    assert put(tmp_path, changed) == Published(0, 4, 0)
    assert put(tmp_path, SITE | {"index.html": b"new"}).mechanism != "file"


def test_who_is_killed_before_the_trace_of_one_file_is_written_has_it_published_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, SITE)
    changed = SITE | {"index.html": b"new"}
    with monkeypatch.context() as killed:
        killed.setattr("sitegen.storage.publish.put_trace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            put(tmp_path, changed)
    assert_published(tmp_path, changed)
    for files in (changed, SITE):
        put(tmp_path, files)
        assert_published(tmp_path, files)


def interrupted(*arguments: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("mechanism", [*MECHANISMS, None])
def test_what_is_unchanged_keeps_its_inode_and_what_is_changed_gets_another(
    tmp_path: Path, mechanism: Mechanism | None
) -> None:
    """So who has a published file open reads the old one to its end."""
    put(tmp_path, SITE, mechanism)
    before = {path: (tmp_path / "public" / path).stat() for path in SITE}
    with (tmp_path / "public/index.html").open("rb") as reader:
        for content in (b"1", b"2", b"3"):
            put(tmp_path, SITE | {"index.html": content}, mechanism)
            after = {path: (tmp_path / "public" / path).stat() for path in SITE}
            for path in SITE:
                same = after[path].st_ino == before[path].st_ino
                assert same == (path != "index.html")
                assert (after[path].st_mtime_ns == before[path].st_mtime_ns) == same
        assert reader.read() == SITE["index.html"]


def test_nothing_changed_writes_nothing(tmp_path: Path) -> None:
    def state() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}

    put(tmp_path, SITE)
    put(tmp_path, SITE | {"index.html": b"new"})
    before = state()
    put(tmp_path, SITE | {"index.html": b"new"})
    assert state() == before


def test_one_trace_is_kept_and_it_is_the_published_tree_s(tmp_path: Path) -> None:
    for content in (b"1", b"2", b"3"):
        put(tmp_path, SITE | {"index.html": content})
        [trace] = (tmp_path / ".sitegen/trace").iterdir()
        assert trace.name.endswith(f"-{(tmp_path / 'public').stat().st_ino}")


def test_a_site_that_was_moved_goes_on(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    put(old, SITE)
    old.rename(new)
    assert put(new, SITE) == Published(0, 4, 0)


def test_two_output_folders_do_not_share_their_state(tmp_path: Path) -> None:
    artifacts = [Artifact("a", b"1", "a.md")]
    for name in ("public", "preview", "public"):
        publish(artifacts, tmp_path / name, tmp_path)
    assert publish(artifacts, tmp_path / "preview", tmp_path) == Published(0, 1, 0)


def test_a_link_as_output_folder_stays_one(tmp_path: Path) -> None:
    (tmp_path / "public").symlink_to("elsewhere/deep")
    put(tmp_path, SITE)
    put(tmp_path, SITE | {"index.html": b"new"})
    assert (tmp_path / "public").is_symlink()
    assert tree(tmp_path / "elsewhere/deep")["index.html"] == b"new"


def test_modes(tmp_path: Path) -> None:
    old = os.umask(0o002)
    try:
        put(tmp_path, SITE)
    finally:
        os.umask(old)
    modes = {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "public").rglob("*.html")}
    assert modes == {"0o644"}
    folders = [path for path in (tmp_path / "public").rglob("*") if path.is_dir()]
    assert {oct(path.stat().st_mode & 0o777) for path in folders} == {"0o755"}


# --- files as content -------------------------------------------------------------------------


def test_a_file_is_copied_never_linked(tmp_path: Path) -> None:
    source = tmp_path / "photo.png"
    source.write_bytes(b"x" * 3_000_000)
    artifact = Artifact("photo.png", source, "photo.png")
    for content in (b"x" * 3_000_000, b"y" * 3_000_000):
        source.write_bytes(content)
        assert publish([artifact], tmp_path / "public", tmp_path).written == 1
        assert (tmp_path / "public/photo.png").read_bytes() == content
        assert source.stat().st_nlink == 1
    assert publish([artifact], tmp_path / "public", tmp_path) == Published(0, 1, 0)


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "No such file or directory"),
        (Path.mkdir, "not a regular file"),
        (make_fifo, "not a regular file"),
    ],
    ids=["missing", "folder", "fifo"],
)
def test_a_source_that_cannot_be_read(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    put(tmp_path, SITE)
    source = tmp_path / "photo.png"
    make(source)
    artifacts = [Artifact("a", b"1", "a.md"), Artifact("photo.png", source, "photo.png")]
    [problem] = refused(artifacts, tmp_path / "public", tmp_path)
    assert problem.code == "publish"
    assert problem.message == f"cannot publish: `{source}`: {reason}"
    assert_published(tmp_path, SITE)


def in_a_process(code: str, site: Path, **options: int) -> str:
    """What the code, in a process of its own, says of the publish that it tries."""
    script = f"""
import os, resource, sys
from pathlib import Path
from sitegen.base.errors import SiteError
from sitegen.model import Artifact
from sitegen.storage.publish import publish
site = Path(sys.argv[1])
{code}
try:
    publish([Artifact("a", content, "a.md")], site / "public", site)
except SiteError as error:
    print(*(problem.message for problem in error.problems))
"""
    command = [sys.executable, "-c", script, str(site)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_a_source_without_permission() -> None:
    with tempfile.TemporaryDirectory() as name:
        site = Path(name)
        put(site, SITE)
        (site / "secret").touch(mode=0)
        code = 'content = site / "secret"'
        if os.geteuid() == 0:
            for path in [site, *site.rglob("*")]:
                os.chown(path, 65534, 65534)
            code += "; os.setuid(65534)"
        said = in_a_process(code, site)
        assert said == f"cannot publish: `{site}/secret`: Permission denied\n"
        assert_published(site, SITE)


def test_a_full_disk_leaves_the_old_site(tmp_path: Path) -> None:
    """A limit on a file's size fails where a full disk would, in the middle of a write."""
    put(tmp_path, SITE)
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    said = in_a_process(f'content = b"x" * 200_000; {limit}', tmp_path)
    assert said.startswith(f"cannot publish: `{tmp_path}/.sitegen/next/")
    assert said.endswith("/a`: File too large\n")
    assert_published(tmp_path, SITE)
    assert put(tmp_path, SITE) == Published(0, 4, 0)


# --- refused ----------------------------------------------------------------------------------


def test_a_folder_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "thesis.tex").write_text("years of work")
    site = tmp_path / "site"
    site.mkdir()
    [problem] = refused(SITE, home, site)
    assert problem.code == "output"
    assert problem.message == (
        f"cannot publish to `{home}`: it holds files that are not sitegen's"
        " (there is no `.sitegen-output` in it)"
    )
    assert problem.help == ("name an empty or new folder instead",)
    assert tree(home) == {"thesis.tex": b"years of work"}


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    put(tmp_path, SITE)
    assert_published(tmp_path, SITE)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (".", "the site lies in it"),
        ("..", "the site lies in it"),
        ("/", "the site lies in it"),
        ("content", "it lies in `content/`"),
        ("content/deep/er", "it lies in `content/`"),
        ("link/er", "it lies in `content/`"),
        ("static/x", "it lies in `static/`"),
        ("templates", "it lies in `templates/`"),
        ("measurements/x", "it lies in `measurements/`"),
        (".sitegen/next", "it lies in `.sitegen/`"),
        ("site.toml", "it is a file"),
        ("site.toml/x", "File exists"),
        ("checkout", "it holds a `.git`"),
    ],
)
def test_a_place_that_holds_the_site_s_own_is_refused(
    tmp_path: Path, output: str, reason: str
) -> None:
    site = tmp_path / "site"
    for folder in ("content/deep", "static", "templates", "measurements", ".sitegen/next"):
        (site / folder).mkdir(parents=True)
    (site / "site.toml").write_text("title = 'x'")
    (site / "link").symlink_to("content/deep")
    (site / "checkout/.git").mkdir(parents=True)
    # Even where it is marked as ours.
    for marked in (tmp_path, site, site / "content", site / "checkout"):
        (marked / MARKER).touch()
    before = tree(tmp_path)
    [problem] = refused(SITE, site / output, site)
    assert reason in problem.message
    ignored = {"site/.sitegen/.gitignore": b"*\n"}
    assert tree(tmp_path) | ignored == before | ignored


def test_a_sibling_whose_name_begins_alike_is_not_inside(tmp_path: Path) -> None:
    (tmp_path / "content").mkdir()
    publish([Artifact("a", b"1", "a.md")], tmp_path / "content_public", tmp_path)
    assert tree(tmp_path / "content_public") == {"a": b"1", MARKER: b""}


HOSTILE = (
    "",
    "/",
    "/etc/passwd",
    "..",
    "../x",
    "a/../../x",
    "a//b",
    "a/",
    "./a",
    "a/.",
    "a\\b",
    "a\nb",
    "a\0b",
    "a\x7f",
    "a\x85",
    "a.",
    "a /b",
    "x" * 256,
    "é" * 128,
    "\ud800",
)


@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_a_hostile_path_is_refused_and_nothing_is_written(tmp_path: Path, path: str) -> None:
    site = tmp_path / "site"
    site.mkdir()
    [problem] = refused([Artifact(path, b"x", "posts/evil.md")], site / "public", site)
    assert problem.code == "path"
    assert "made from `posts/evil.md`" in problem.message
    assert problem.message.isprintable()
    assert tree(tmp_path) == {"site": b"<empty>"}


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("a./\\ é\0\n"), max_size=8))
def test_any_path_is_published_under_that_name_or_refused(path: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        site = Path(name, "site")
        site.mkdir()
        with suppress(SiteError):
            put(site, {path: b"x"})
            assert_published(site, {path: b"x"})
        assert {entry.name for entry in Path(name).iterdir()} == {"site"}
        assert {entry.name for entry in site.iterdir()} <= {"public", ".sitegen"}


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("a/index.html", "a/index.html"),
        ("a/index.html", "A/Index.html"),
        ("caf\u00e9", "cafe\u0301"),
        ("STRASSE", "straße"),
        ("a", "a/index.html"),
        ("A/b", "a/B/c/d"),
        (MARKER, None),
        (f"{MARKER}/x", None),
    ],
)
def test_two_files_of_one_path_are_refused_and_both_named(
    tmp_path: Path, one: str, two: str | None
) -> None:
    artifacts = [Artifact(one, b"1", "posts/one.md")]
    if two is not None:
        artifacts.append(Artifact(two, b"2", "posts/two.md"))
    for given_order in (artifacts, artifacts[::-1]):
        [problem] = refused(given_order, tmp_path / "public", tmp_path)
        assert problem.code == "path"
        assert "`posts/one.md`" in problem.message
        assert ("`posts/two.md`" if two else "`sitegen`") in problem.message
    assert not list(tmp_path.iterdir())


def test_all_problems_at_once(tmp_path: Path) -> None:
    artifacts = [Artifact(path, b"", "x.md") for path in ("../a", "b", "B", "c", "c/d", "e.")]
    assert len(refused(artifacts, tmp_path, tmp_path)) == 5


# --- mechanisms -------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EINVAL, errno.ENOTSUP])
def test_without_an_exchange_it_renames(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def fail(one: Path, two: Path) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(exchange, "_exchange", fail)
    put(tmp_path, SITE)
    assert put(tmp_path, {"a": b"1"}).mechanism == "renames"
    assert_published(tmp_path, {"a": b"1"})


def test_without_hard_links_it_goes_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", fail)
    put(tmp_path, SITE)
    assert put(tmp_path, {"a": b"1"}).mechanism == "files"
    assert_published(tmp_path, {"a": b"1"})


def test_a_folder_that_cannot_be_renamed_is_changed_file_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container whose image holds the output folder."""

    def fail(one: Path, two: Path) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    put(tmp_path, SITE)
    monkeypatch.setattr(exchange, "_exchange", fail)
    sets: tuple[Files, ...] = ({"a": b"1"}, {"a": b"1", "b": b"2"}, SITE)
    for files in sets:
        assert put(tmp_path, files, "exchange").mechanism == "files"
        assert_published(tmp_path, files)
        assert put(tmp_path, files) == Published(0, len(files), 0)


MOUNTED = """
mkdir public other && mount {mount} && cd / && exec {python} -c '
import sys
from pathlib import Path
from sitegen.model import Artifact
from sitegen.storage.publish import publish
site = Path(sys.argv[1])
for content in (b"1", b"2", b"2"):
    print(publish([Artifact("a/b", content, "a.md")], site / "public", site).mechanism)
print(*sorted(path.name for path in (site / "public").rglob("*")))
print((site / "public/a/b").read_text())
' {site}
"""


@pytest.mark.parametrize("mount", ["--bind other public", "-t tmpfs none public"])
def test_a_mount_point_is_changed_file_by_file(tmp_path: Path, mount: str) -> None:
    script = MOUNTED.format(mount=mount, python=sys.executable, site=tmp_path)
    own = ["unshare", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*own, "true"], check=False).returncode:
        pytest.skip("no mounting here")
    done = subprocess.run(
        [*own, "sh", "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert done.stdout == "files\nfiles\nNone\n.sitegen-output a b\n2\n"


def test_an_output_on_another_file_system_has_its_standby_beside_it(tmp_path: Path) -> None:
    memory = Path("/dev/shm")  # noqa: S108
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system here")
    with tempfile.TemporaryDirectory(dir=memory) as name:
        for content in (b"1", b"2"):
            artifacts = [Artifact(path, content, "a.md") for path in "ab"]
            done = publish(artifacts, Path(name, "public"), tmp_path)
            assert done.mechanism == "exchange"
        assert tree(Path(name, "public")) == {"a": b"2", "b": b"2", MARKER: b""}
        names = {entry.name for entry in Path(name).iterdir()}
        assert names == {"public", ".public.sitegen-next"}
