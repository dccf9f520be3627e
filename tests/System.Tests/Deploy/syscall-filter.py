"""Runs a program under the SystemCallFilter lines of a unit, as systemd would: syscall-filter.py UNIT PROGRAM ARGUMENT…

What the lines do not allow fails with EPERM (systemd.exec(5), SystemCallFilter=, SystemCallErrorNumber=).
"""
import ctypes
import os
import subprocess
import sys

ALLOW = 0x7FFF0000  # seccomp(2): SECCOMP_RET_ALLOW
EPERM = 0x00050001  # SECCOMP_RET_ERRNO with errno 1


def calls_of(word):
    if not word.startswith("@"):
        return {word}
    told = subprocess.run(["systemd-analyze", "syscall-filter", word], capture_output=True, text=True, check=True).stdout
    lines = [line.strip() for line in told.splitlines()[1:]]
    return set().union(*(calls_of(line) for line in lines if line and not line.startswith("#")))


def allowed(unit):
    calls = calls_of("@default") | {"execve"}
    with open(unit, encoding="utf-8") as lines:
        for line in lines:
            name, _, value = line.strip().partition("=")
            if name == "SystemCallFilter":
                named = set().union(*(calls_of(word) for word in value.lstrip("~").split()))
                calls = calls - named if value.startswith("~") else calls | named
    return calls


seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(EPERM)))
for call in sorted(allowed(sys.argv[1])):
    number = seccomp.seccomp_syscall_resolve_name(call.encode())
    if number >= 0 and seccomp.seccomp_rule_add(context, ctypes.c_uint32(ALLOW), number, 0) != 0:
        sys.exit(f"the filter does not take {call}")
if seccomp.seccomp_load(context) != 0:
    sys.exit("the filter cannot be loaded")
os.execv(sys.argv[2], sys.argv[2:])
