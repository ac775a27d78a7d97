#!/usr/bin/python3 -B
"""The full check of group(4)'s Jacobian beside PyTorch's gradcheck of the same function, in turn on one thread.

    tests/torch_gradcheck.py [build/release/normlab]

Not one of the tests: PyTorch is no part of the project. x is [4, 16, 4, 4] in float64; x, gamma and beta require
gradients; gradcheck has its defaults (every element by central differences and by backward, rtol 1e-3, atol 1e-5).
"""
import json
import os
import statistics
import subprocess
import sys
import time

UNAVAILABLE = 69
HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TURNS = 15


def unavailable(message):
    print(f"torch_gradcheck: {message}", file=sys.stderr)
    sys.exit(UNAVAILABLE)


def gradcheck_ms(torch):
    draw = torch.Generator().manual_seed(1)
    inputs = [torch.randn(shape, generator=draw, dtype=torch.float64, requires_grad=True)
              for shape in ((4, 16, 4, 4), (16,), (16,))]
    begin = time.perf_counter()
    passed = torch.autograd.gradcheck(lambda x, gamma, beta: torch.nn.functional.group_norm(x, 4, gamma, beta), inputs)
    spent = time.perf_counter() - begin
    if not passed:
        sys.exit("torch_gradcheck: gradcheck failed")
    return 1e3 * spent


def full_check(program):
    """The fastest of the rounds of one `normlab bench`."""
    run = subprocess.run([program, "bench", "check", "--json"], check=True, capture_output=True)
    return json.loads(run.stdout)["full_check"]


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HOME, "build", "release", "normlab")
    if not os.path.exists(program):
        unavailable(f"no program {program}: build it, or name another")
    try:
        import torch
    except ImportError as error:
        unavailable(f"PyTorch is not installed ({error}); Debian's package is python3-torch")
    torch.set_num_threads(1)
    gradcheck_ms(torch)  # the first call is slower
    theirs, ours = [], []
    for _ in range(TURNS):
        theirs.append(gradcheck_ms(torch))
        ours.append(full_check(program))
    best = min(ours, key=lambda check: check["check_ms"])
    middle = statistics.median(gradcheck / check["check_ms"] for gradcheck, check in zip(theirs, ours))
    print(f"PyTorch {torch.__version__} gradcheck: {min(theirs):.1f} ms, the best of {TURNS} turns")
    print(f"normlab full check: {best['check_ms']:.1f} ms, {best['of_kernel_calls']:.2f} of its kernel calls, {best['verdict']}")
    print(f"ratio: {min(theirs) / best['check_ms']:.1f} of the best, {middle:.1f} in the median turn")


main()
