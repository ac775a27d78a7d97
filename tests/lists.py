#!/usr/bin/python3 -B
"""Lists of tests by their names (long.txt, long-sanitized.txt): each of their patterns names some."""

import os
import re
import subprocess

from installed import BUILD
from program import HOME, case, check, main


@case("example")
def names_of_tests(place):
    listing = subprocess.run(["ctest", "--test-dir", BUILD, "-N"], capture_output=True, text=True, check=True, cwd=place.folder)
    names = re.findall(r"Test +#\d+: (\S+)", listing.stdout)
    for name in ("long.txt", "long-sanitized.txt"):
        with open(os.path.join(HOME, "tests", name), encoding="utf-8") as file:
            patterns = [line.strip() for line in file if not line.startswith("#")]
        lost = [pattern for pattern in patterns if not any(re.fullmatch(pattern, test) for test in names)]
        check(patterns and not lost, f"tests/{name} names no test: {lost}")


if __name__ == "__main__":
    main()
