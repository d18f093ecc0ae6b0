# SPDX-License-Identifier: MIT
"""
Writes the default text of `wordcount` to stdout: 20,000 lines of invented English, the same bytes from every Python,
as the numbers come from a SplitMix64 of its own and not from `random`.

Words appear about as often as Zipf's law has it: the word of rank r with weight 1 / r. The most common ones are
English; the rest is put together from syllables. b"the" stands in it 18,688 times.
"""

from __future__ import annotations

import sys
from bisect import bisect_right

LINES = 20_000
WORDS_A_LINE = (4, 12)
VOCABULARY = 3_000
SEED = 0xC0BE7C4
MASK = (1 << 64) - 1

COMMON = (
    "the of and to a in is that it was for on are with as his they be at one have this from or had by hot but some "
    "what there we can out other were all your when up use word how said an each she which do their time if will way "
    "about many then them would write like so these her long make thing see him two has look more day could go come "
    "did my sound no most number who over know water than call first people may down side been now find"
).split()
ONSETS = "b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r s sc sh sl sm sn sp st str t th tr v w".split()
VOWELS = "a e i o u ai ea ee oa ou".split()
CODAS = ["", "", "", "b", "ck", "d", "g", "l", "ll", "m", "n", "nd", "ng", "nt", "p", "r", "rd", "rm", "s", "st", "t"]


def splitmix64(seed: int):
    """Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014."""
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        x = ((seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
        yield x ^ (x >> 31)


def vocabulary(numbers) -> list[str]:
    def pick(parts):
        return parts[next(numbers) % len(parts)]

    words = list(COMMON)
    known = set(words)
    while len(words) < VOCABULARY:
        syllables = 1 + next(numbers) % 2
        word = "".join(pick(ONSETS) + pick(VOWELS) + pick(CODAS) for _ in range(syllables))
        if word not in known:
            known.add(word)
            words.append(word)
    return words


def text() -> bytes:
    numbers = splitmix64(SEED)
    words = vocabulary(numbers)
    ends, total = [], 0
    for rank in range(1, len(words) + 1):
        total += 1_000_000 // rank  # whole numbers: sums of fractions could differ between machines
        ends.append(total)
    low, high = WORDS_A_LINE
    lines = []
    for _ in range(LINES):
        count = low + next(numbers) % (high - low + 1)
        lines.append(" ".join(words[bisect_right(ends, next(numbers) % total)] for _ in range(count)))
    return ("\n".join(lines) + "\n").encode("ascii")


if __name__ == "__main__":
    sys.stdout.buffer.write(text())
