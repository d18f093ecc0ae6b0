# SPDX-License-Identifier: MIT
"""Which way the driver's rooms and the hosts' folders may point (docs/architecture.md), read from the includes."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Each room with those it stands on (docs/rooms.svg); it may also include what these stand on, and `util` is for all.
STANDS_ON = {
    "util": [],
    "stats": [],
    "protocol": [],
    "process": [],
    "plan": ["protocol"],
    "store": ["plan"],
    "machine": ["process", "protocol"],
    "run": ["plan", "protocol", "process", "machine", "store"],
    "analysis": ["store", "stats"],
    "report": ["analysis", "store"],
    "report/html": ["report"],
    "report/plot": ["report"],
    "cmd": ["run", "report/html", "report/plot"],
    "origin": [],
}


def below(room: str) -> set[str]:
    return {"util"}.union(*({other} | below(other) for other in STANDS_ON[room]))


# The folders that may include a foreign header, by the header's name.
FOREIGN = {
    "Python.h": ["c_impl/bridge"],
    "curl/curl.h": ["c_impl/transport"],
    "http_parser.h": ["c_impl/transport", "c_impl/servers"],
    "libpq-fe.h": ["c_impl/transport"],
    "sys/epoll.h": ["c_impl/host", "c_impl/servers"],
    "liburing.h": ["c_impl/plugins"],
    "omp.h": ["c_impl/plugins"],
    "mpi.h": ["c_impl/engines"],
    "hiredis/": ["c_impl/redis"],
    "libxml/": ["c_impl/tasks"],
    "zmq.h": ["c_impl/dispensers"],
    "event2/": ["bench/origin"],
    "openssl/": ["bench/origin"],
    "nghttp2/": ["bench/origin"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+["<]([^">]+)[">]', re.MULTILINE)


def sources(folder: str) -> list[Path]:
    return sorted(p for p in (ROOT / folder).rglob("*.[ch]"))


def includes(path: Path) -> list[str]:
    return INCLUDE.findall(path.read_text(encoding="utf-8"))


def room_of(include: str) -> str:
    return str(Path(include).parent.relative_to("bench"))


def cycles(graph: dict[str, set[str]]) -> list[str]:
    """One line for each circle that a walk along the arrows closes."""
    found, done = [], set()

    def walk(node: str, path: list[str]) -> None:
        if node in path:
            found.append(" -> ".join([*path[path.index(node) :], node]))
        elif node not in done:
            for after in sorted(graph.get(node, ())):
                walk(after, [*path, node])
            done.add(node)

    for node in sorted(graph):
        walk(node, [])
    return found


def test_the_rooms_point_down() -> None:
    wrong = []
    for path in sources("bench"):
        name = str(path.relative_to(ROOT))
        room = room_of(name)
        assert room in STANDS_ON, f"{name}: '{room}' is no room of docs/architecture.md"
        for include in includes(path):
            if not include.startswith("bench/"):
                continue
            other = room_of(include)
            if other != room and other not in below(room):
                wrong.append(f"{name} includes {include}: {room} may not point to {other}")
    assert not wrong, "\n".join(wrong)


def module_graph(folder: str, prefix: str) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = {}
    for path in sources(folder):
        module = str(path.relative_to(ROOT / prefix).with_suffix(""))
        used = {str(Path(i).with_suffix("")) for i in includes(path) if (ROOT / prefix / i).exists()}
        graph.setdefault(module, set()).update(used - {module})
    return graph


@pytest.mark.parametrize(("folder", "prefix"), [("bench", "."), ("common", "."), ("c_impl", "c_impl")])
def test_no_module_includes_itself_by_way_of_others(folder: str, prefix: str) -> None:
    found = cycles(module_graph(folder, prefix))
    assert not found, "\n".join(found)


def test_the_hosts_and_the_driver_do_not_know_each_other() -> None:
    wrong = [
        f"{p.relative_to(ROOT)} includes {i}"
        for folder, other in (("bench", "c_impl"), ("bench", "cobench/"), ("c_impl", "bench/"), ("common", "bench/"))
        for p in sources(folder)
        for i in includes(p)
        if i.startswith(other)
    ]
    wrong += [
        str(p.relative_to(ROOT))
        for p in (ROOT / "py_impl").rglob("*.py")
        if re.search(r"^\s*(from|import)\s+bench\b", p.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert not wrong, "\n".join(wrong)


def test_each_foreign_header_has_one_folder() -> None:
    wrong = [
        f"{p.relative_to(ROOT)} includes {i}"
        for folder in ("bench", "c_impl", "common")
        for p in sources(folder)
        for i in includes(p)
        for header, folders in FOREIGN.items()
        if (i == header or (header.endswith("/") and i.startswith(header)))
        and str(p.parent.relative_to(ROOT)) not in folders
    ]
    assert not wrong, "\n".join(wrong)


def python_imports(tree: ast.AST) -> Iterator[str]:
    """The dotted names that a module may import: at its top, inside functions and for type checkers alike."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def python_graph(base: Path) -> dict[str, set[str]]:
    modules = {".".join(p.relative_to(base.parent).with_suffix("").parts).removesuffix(".__init__"): p for p in base.rglob("*.py")}
    graph: dict[str, set[str]] = {}
    for module, path in modules.items():
        used = set()
        for name in python_imports(ast.parse(path.read_text(encoding="utf-8"))):
            used.add(name if name in modules else name.rpartition(".")[0])  # a module, or a name in one
        graph[module] = (used & modules.keys()) - {module}
    return graph


def test_no_python_module_imports_itself_by_way_of_others() -> None:
    found = cycles(python_graph(ROOT / "py_impl"))
    assert not found, "\n".join(found)


def test_a_circle_is_found() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b -> c -> b"]


def test_an_import_is_seen_wherever_it_stands(tmp_path: Path) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "a.py").write_text("def f():\n    from package import b\n")
    (folder / "b.py").write_text("if TYPE_CHECKING:\n    from package.c import X\n")
    (folder / "c.py").write_text("import os\nimport package.a\n")
    assert cycles(python_graph(folder)) == ["package.a -> package.b -> package.c -> package.a"]


ROW = re.compile(r"^\| `([\w>-]+)` \| `([\w/]+\.c)` \|", re.MULTILINE)


def walk(heading: str) -> list[tuple[str, str]]:
    """The functions of one of the page's walks, each with its file."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = ROW.findall(text[text.index(heading) :].split("\n## ")[0])
    assert len(found) > 10
    return found


@pytest.mark.parametrize(("heading", "folder"), [("## The walk of a job", "c_impl"), ("## The walk of a sample", "bench")])
def test_the_walks_name_functions_that_are_there(heading: str, folder: str) -> None:
    wrong = [
        f"{file} has no function {function}"
        for function, file in walk(heading)
        if "->" not in function
        and not ((ROOT / folder / file).exists() and re.search(rf"^[\w *]*\b{function}\(", (ROOT / folder / file).read_text(), re.MULTILINE))
    ]
    assert not wrong, "\n".join(wrong)


def test_a_sample_passes_few_modules() -> None:
    """The files of the walk and what they include, where somebody has to look who follows a sample. What only `cmd` includes
    sets a run up, or is another subject of the same report."""
    graph = module_graph("bench", ".")
    passed = {f"bench/{file[:-2]}" for _, file in walk("## The walk of a sample")}
    passed |= {other for module in passed if not module.startswith("bench/cmd/") for other in graph[module]
               if other.startswith("bench/")}
    assert len(passed) <= 60, sorted(passed)
