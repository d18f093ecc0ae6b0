# SPDX-License-Identifier: MIT
"""
Transfers between accounts that all jobs share. A transfer reads two accounts, works for a while and writes both; what another one
writes to them in between is lost, unless a lock keeps it out. Each account counts its changes, and the audit holds them against
the transfers that there were, and the total against what it was. With `unordered` two transfers may each hold what the other waits
for (lib/locks.py finds that). What the balances come to depends on who was first, so a job's result is the value that all its steps
come to.
"""

from py_impl.contract import CHOICE, CPU, INT, NOTHING, Audit, NotPossible, Param, slice_of
from py_impl.tasks.lib.locks import Locks, waited  # noqa: F401  (one is the task's)
from py_impl.tasks.lib.shared import shared_words
from py_impl.tasks.lib.steps import take_steps

NAME = "bank"
ABOUT = "transfers between accounts that all jobs share"
KIND = CPU
ASKS = NOTHING
JOBS = 8
SPLITS = True
PARAMS = (
    Param("accounts", INT, "16", "how many there are", 2, 1000),
    Param("transfers", INT, "1000000", "how many all jobs together make", 1, 4_000_000_000),
    Param("lock", CHOICE, "one",
          "what keeps others out: one lock, 4 for a quarter of the accounts each, atomic additions, one an account, taken in order or not",
          choices=("none", "one", "striped", "atomic", "ordered", "unordered")),
    Param("hold", INT, "10", "rounds of SplitMix64 in each transfer, under its locks, half of them before the second one, a few ns each in C", 0, 1_000_000_000),
)  # fmt: skip

OPENING = 1_000_000  # what each account has at first
STRIPES = 4  # locks of `striped`
BALANCE, CHANGES, WORDS = 0, 1, 8  # where they are in an account, and how long one is: a cache line


class Bank:
    __slots__ = ("transfers", "jobs", "hold", "count", "lock", "accounts", "locks", "locks_of")

    def __init__(self, params, jobs):
        self.transfers = params["transfers"]
        self.jobs = jobs
        self.hold = params["hold"]
        self.count = params["accounts"]
        self.lock = params["lock"]
        if self.lock == "atomic":
            raise NotPossible("Python has no atomic additions: one, striped and ordered are its ways")
        self.accounts = shared_words(self.count * WORDS, "q")
        for account in range(self.count):
            self.accounts[account * WORDS + BALANCE] = OPENING
        noun, count = {"one": ("lock", 1), "striped": ("stripe", STRIPES)}.get(self.lock, ("account", self.count))
        self.locks = Locks(noun, 0 if self.lock == "none" else count, jobs)
        self.locks_of = LOCKS_OF[self.lock]


# Which locks a transfer takes, in that order.

def no_locks(first, second):
    return ()


def one_lock(first, second):
    return (0,)


def stripes_of(first, second):
    first, second = first % STRIPES, second % STRIPES
    return (first,) if first == second else in_order(first, second)


def in_order(first, second):
    return (first, second) if first < second else (second, first)


def as_they_come(first, second):
    return first, second


LOCKS_OF = {"none": no_locks, "one": one_lock, "striped": stripes_of, "ordered": in_order, "unordered": as_they_come}


def open(params, jobs):
    return Bank(params, jobs)


def worker_open(bank, flags):
    return bank.locks.user(flags)


def transfer(accounts, first, second, amount, hold, x):
    """Reads, works, writes: nothing keeps other threads out but a lock, CPython's own between two statements only."""
    giver, taker = first * WORDS, second * WORDS
    has, gets = accounts[giver + BALANCE], accounts[taker + BALANCE]
    taken, given = accounts[giver + CHANGES], accounts[taker + CHANGES]
    if hold:
        x = take_steps(x, hold)
    accounts[giver + BALANCE] = has - amount
    accounts[giver + CHANGES] = taken + 1
    accounts[taker + BALANCE] = gets + amount
    accounts[taker + CHANGES] = given + 1
    return x


def transfer_locked(bank, user, numbers, first, second, amount, x):
    """The same under these locks, of which it takes the second half-way through its work. What comes of `x` is what it was before,
    after `hold` steps."""
    taken, hold = 0, bank.hold
    try:
        for number in numbers:
            if taken == 1:
                x = take_steps(x, hold // 2)
                hold -= hold // 2
            user.take(number)
            taken += 1
        return transfer(bank.accounts, first, second, amount, hold, x)
    finally:
        for number in numbers[:taken]:
            user.give(number)


def run(bank, user, job, reply):
    user.job, user.waited_ns = job, 0
    begin, end = slice_of(bank.transfers, job, bank.jobs)
    count, locks_of, x = bank.count, bank.locks_of, job
    for _ in range(begin, end):
        x = take_steps(x, 1)
        first = x % count
        second = (first + 1 + (x >> 32) % (count - 1)) % count
        x = transfer_locked(bank, user, locks_of(first, second), first, second, 1 + (x >> 16) % 100, x)
    return x


def audit(bank):
    made = 2 * bank.transfers
    lost = made - sum(bank.accounts[CHANGES::WORDS])
    total = sum(bank.accounts[BALANCE::WORDS]) - bank.count * OPENING
    wrong = lost or int(total != 0)  # or of an account whose counts only are right
    told = f"{lost} of {made} changes of accounts are lost, and the total changed by {total}" if wrong else ""
    return Audit(wrong, made, told)
