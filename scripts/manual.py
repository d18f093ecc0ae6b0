# SPDX-License-Identifier: MIT
"""Writes BUILD/share: man pages and the completions of bash, zsh and fish, from what `cobench --help` says, and from the
docs, the header and the contract. manual.py BUILD, in the project's folder."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

NAME = "cobench"
PLACES = """.SH ENVIRONMENT
.TP
.B XDG_DATA_HOME
The runs are in cobench/ below it where ./results cannot be written (default ~/.local/share).
.TP
.B COBENCH_ROOT
The folder of py_impl/, suites and plot scripts, in place of the program's own.
.SH FILES
.TP
.I results/TIME\\-HOST\\-SUITE/
What a run leaves: samples.jsonl, summary.md, summary.csv, summary.json, index.html and plots/;
.I results/latest
is the newest.
.SH EXAMPLES
.nf
cobench run \\-\\-task ./quote.py:quote
cobench run \\-\\-task quote \\-\\-c ./mine.c:quote \\-\\-py ./quote.py:quote
cobench run \\-\\-command 'gzip \\-c {input}' \\-\\-inputs files.txt
cobench advise latest
cobench report latest \\-\\-open
.fi
"""


class Option(NamedTuple):
    name: str
    argument: str  # "": a flag
    about: str
    group: str = ""  # the title above it


class Command(NamedTuple):
    name: str  # "": the program
    usage: list[str]
    about: str
    options: list[Option]
    after: str


def ask(program: Path, *words: str) -> str:
    # One option to a line, whatever its length.
    env = os.environ | {"ARGP_HELP_FMT": "rmargin=10000", "LC_ALL": "C"}
    return subprocess.run([program, *words], env=env, check=True, capture_output=True, text=True).stdout


def read_help(name: str, text: str) -> Command:
    """What argp's --help says: usage and about, the options, and what stands behind them."""
    row = re.compile(r"^ +(?:-\S, )?--([a-z-]+)(?:=(\S+))? +(\S.*)\n", re.MULTILINE)
    titles = list(re.finditer(r"^ (\S.*):$", text, re.MULTILINE))
    rows = list(row.finditer(text))
    above = {next(r.start() for r in rows if r.start() > t.start()): t[1] for t in titles}
    usage, _, about = text[: titles[0].start() if titles else rows[0].start()].strip().partition("\n")
    words = re.sub("Usage: cobench[ -]", "", usage).split(" ")[1:]
    return Command(name, words, about, [Option(r[1], r[2] or "", r[3], above.get(r.start(), "")) for r in rows], text[rows[-1].end() :].strip())


# -- roff -------------------------------------------------------------------------------------------------------------


def read_knobs(text: str) -> list[Option]:
    """The hosts' knobs, which are options of run too, from what `cobench list --json` says."""
    known: dict[str, Option] = {}
    for knob in json.loads(text)["knobs"]:
        values = "|".join(knob["choices"] or ["N"])
        known.setdefault(knob["name"], Option(knob["name"], "V[,V]", f"{knob['about']}: {values}; {knob['default']} by default",
                                              "" if known else "Knobs of the hosts, each further value of which adds rows"))  # fmt: skip
    return list(known.values())


def roff(text: str) -> str:
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def marked(text: str) -> str:
    """Markdown within a line."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).replace("\\|", "|")
    return re.sub(r"(`+|\*+)(.+?)\1", r"\\fB\2\\fR", roff(text))


def table(lines: list[str]) -> str:
    """A Markdown table: its first column, then what stands in the others."""
    head, _, *rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in lines]
    out = f".PP\n{marked(head[0])}\n"
    for first, *others in rows:
        out += f".TP\n{marked(first)}\n{marked('; '.join(filter(None, others)))}\n"
    return out


def markdown(text: str) -> str:
    out = ""
    for block in blocks(text):
        lines = block.splitlines()
        if block.startswith("```"):
            out += f".PP\n.nf\n{roff(chr(10).join(lines[1:]))}\n.fi\n"
        elif block.startswith("## "):
            out += f".SH {roff(lines[0][3:].upper())}\n"
        elif block.startswith("|"):
            out += table(lines)
        elif block.startswith("- "):
            out += "".join(f".IP \\(bu 2\n{marked(item)}\n" for item in re.split(r"\n?^- ", block, flags=re.MULTILINE)[1:])
        elif not block.startswith("# "):
            out += f".PP\n{marked(block)}\n"
    return out


def blocks(text: str) -> list[str]:
    """What empty lines part, but for those within ```."""
    return [block for part in re.split(r"(^```.*?)^```\n", text, flags=re.MULTILINE | re.DOTALL)
            for block in ([part] if part.startswith("```") else re.split(r"\n\n+", part.strip())) if block]  # fmt: skip


def page(title: str, section: int, about: str, body: str) -> str:
    also = ".SH SEE ALSO\n.BR cobench (1),\n.BR cobench\\-suite (5),\n.BR cobench\\-task (7),\n.BR hyperfine (1)\n"
    return f".TH {title.upper()} {section}\n.SH NAME\n{roff(title)} \\- {roff(about)}\n{body}{also}"


def option_roff(o: Option) -> str:
    argument = f"=\\fI{roff(o.argument)}\\fR" if o.argument else ""
    title = f".SS {roff(o.group)}\n" if o.group else ""
    return f"{title}.TP\n\\fB\\-\\-{roff(o.name)}\\fR{argument}\n{roff(o.about)}\n"


def command_page(command: Command, about: str, joint: str = " ") -> str:
    body = (f".SH SYNOPSIS\n.B {roff(NAME + joint + command.name)}\n{roff(' '.join(command.usage))}\n"
            f".SH DESCRIPTION\n{roff(command.about)}\n.SH OPTIONS\n{''.join(map(option_roff, command.options))}")  # fmt: skip
    return page(f"{NAME}-{command.name}", 1, about, body + (f".SH NOTES\n.nf\n{roff(command.after)}\n.fi\n" if command.after else ""))


def main_page(text: str, abouts: dict[str, str]) -> str:
    about = text.splitlines()[1]
    rows = "".join(f".TP\n.BR cobench\\-{name} (1)\n{roff(said)}\n" for name, said in abouts.items())
    after = " ".join(text.split("\n\n")[-1].split())
    return page(NAME, 1, "compare concurrency models by the same work under each",
                f".SH SYNOPSIS\n.B cobench\n.I COMMAND\n[OPTION...]\n.br\n.B cobench \\-\\-help\n|\n.B \\-\\-version\n"
                f".SH DESCRIPTION\n{roff(about)}\n.SH COMMANDS\n{rows}.PP\n{roff(after)}\n{PLACES}")  # fmt: skip


def task_page() -> str:
    header = Path("c_impl/include/cobench/task.h").read_text()
    comment = re.sub(r"^ \* ?", "", header.split("/*\n", 1)[1].split(" */", 1)[0], flags=re.MULTILINE)
    contract = ast.get_docstring(ast.parse(Path("py_impl/contract.py").read_text())) or ""
    sections = {"in C": comment, "in Python": contract, "the header": header.split("*/\n", 2)[2]}
    return page(f"{NAME}-task", 7, "tasks of your own, in C and in Python",
                ".SH SYNOPSIS\n.nf\ngcc \\-O2 \\-fPIC \\-shared $(pkg\\-config \\-\\-cflags cobench) mine/twice.c \\-o mine/twice.so\n"
                "cobench run \\-\\-tasks mine \\-\\-task twice\n.fi\n" +
                "".join(f".SH {name.upper()}\n.nf\n{roff(text)}\n.fi\n" for name, text in sections.items()))  # fmt: skip


# -- completions ------------------------------------------------------------------------------------------------------


def bash(commands: list[Command]) -> str:
    cases = "".join(f"    {c.name}) words='{' '.join('--' + o.name for o in c.options)}' ;;\n" for c in commands)
    names = " ".join(c.name for c in commands)
    return f"""_cobench() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} words=
    case $((COMP_CWORD > 1))${{COMP_WORDS[1]}} in
    0*) words='{names} help --help --version' ;;
{cases.replace("    ", "    1")}    esac
    if [ "$COMP_CWORD" = 1 ] || [ "${{current#-}}" != "$current" ]; then
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    fi
}}
complete -o default -F _cobench cobench
"""


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def zsh(commands: list[Command], abouts: dict[str, str]) -> str:
    def spec(o: Option) -> str:
        said = re.sub(r"([\[\]:\\])", r"\\\1", o.about)
        return quoted(f"--{o.name}[{said}]") if not o.argument else quoted(f"*--{o.name}=[{said}]:{o.argument.replace(':', '')}:_files")

    described = " ".join(quoted(f"{c.name}:{abouts[c.name]}") for c in commands)
    cases = "".join(f"{c.name}) _arguments {' '.join(map(spec, c.options))} '*:run:_files' ;;\n" for c in commands)
    return f"""#compdef cobench
if (( CURRENT == 2 )); then
    local -a commands=({described})
    _describe command commands
    return
fi
shift words
(( CURRENT-- ))
case $words[1] in
{cases}esac
"""


def fish(commands: list[Command], abouts: dict[str, str]) -> str:
    out = ""
    for c in commands:
        out += f"complete -c cobench -n __fish_use_subcommand -f -a {c.name} -d {quoted(abouts[c.name])}\n"
        for o in c.options:
            needs = " -r" if o.argument else ""
            out += f"complete -c cobench -n '__fish_seen_subcommand_from {c.name}' -l {o.name}{needs} -d {quoted(o.about)}\n"
    return out


def main(build: Path) -> None:
    program = build / NAME
    text = ask(program, "--help")
    abouts = dict(re.findall(r"^  cobench (\S+) +(.+)$", text, re.MULTILINE))
    commands = [read_help(name, ask(program, name, "--help")) for name in abouts]
    next(c for c in commands if c.name == "run").options.extend(read_knobs(ask(program, "list", "--json")))
    origin = read_help("origin", ask(build / f"{NAME}-origin", "--help"))
    suites = Path("docs/suites.md").read_text()
    files = {f"man/man1/{NAME}-{c.name}.1": command_page(c, abouts[c.name]) for c in commands} | {
        f"man/man1/{NAME}-origin.1": command_page(origin, "the loopback HTTP server that stands in for the network", "-"),
        f"man/man5/{NAME}-suite.5": page(f"{NAME}-suite", 5, "the files that say what a run does", ".SH DESCRIPTION\n" + markdown(suites)),
        f"man/man7/{NAME}-task.7": task_page(),
        f"bash-completion/completions/{NAME}": bash(commands),
        f"zsh/site-functions/_{NAME}": zsh(commands, abouts),
        f"fish/vendor_completions.d/{NAME}.fish": fish(commands, abouts),
        f"man/man1/{NAME}.1": main_page(text, abouts),  # the last, which make goes by
    }
    for name, content in files.items():
        path = build / "share" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
