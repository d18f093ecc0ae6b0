# SPDX-License-Identifier: MIT
"""Bytes: how often a word stands in the job's slice of a text's lines. The text is read and split in `open`."""

import io

from py_impl.contract import CPU, INT, NOTHING, PATH, TEXT, Param, slice_of

NAME = "wordcount"
ABOUT = "how often a word stands in the job's slice of lines"
KIND = CPU
ASKS = NOTHING
JOBS = 8
SPLITS = True
PARAMS = (
    Param("file", PATH, "@words.txt", "the text; @ is the folder of cobench's own files"),
    Param("word", TEXT, "the", "the word, any bytes but a blank or a line feed"),
    Param("repeat", INT, "1", "how many times each line is looked at", 1, 1_000_000),
)


def count_word(lines: list[bytes], word: bytes) -> int:
    count = 0
    for line in lines:
        for w in line.split(b" "):
            if w == word:
                count += 1
    return count


def open(params, jobs):
    word = params["word"]
    if b" " in word or b"\n" in word:
        raise ValueError("word: must not hold a blank or a line feed")
    with io.open(params["file"], "rb") as file:
        data = file.read()
    return data.split(b"\n"), word, params["repeat"], jobs


def run(state, worker, job, reply):
    lines, word, repeat, jobs = state
    first, last = slice_of(len(lines), job, jobs)
    mine = lines[first:last]
    count = 0
    for _ in range(repeat):
        count += count_word(mine, word)
    return count
