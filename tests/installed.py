"""What the scripts share that test what is installed: it, in a folder of its own, and commands that know no checkout."""

import os
import shlex
import subprocess

from program import PATIENCE, PROGRAM, check

BUILD = os.path.dirname(os.path.realpath(PROGRAM))


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def write(text, *path):
    with open(os.path.join(*path), "w", encoding="utf-8") as file:
        file.write(text)
    return os.path.join(*path)


def does(place, words, code=0, home=None, **more):
    """(stdout, stderr) of a command that must end so; no checkout but `home` is known to it."""
    environment = place.environment()
    del environment["NORMLAB_HOME"], environment["NORMLAB_OUT"]
    environment["PATH"] = "/usr/bin:" + environment["PATH"]
    environment["PKG_CONFIG_PATH"] = place.path("prefix", "lib", "pkgconfig")
    if home:
        environment["NORMLAB_HOME"] = home
    done = subprocess.run(words, cwd=place.folder, env=environment, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                          capture_output=True, text=True, **more)
    check(done.returncode == code,
          f"{shlex.join(words)}: exit code {done.returncode}, expected {code}: {done.stderr}{done.stdout[-800:]}")
    return done.stdout, done.stderr


def install(place):
    """The installed program. Its folder is moved: nothing may point to where it was."""
    does(place, ["cmake", "--install", BUILD, "--prefix", place.path("first", "prefix")])
    os.rename(place.path("first", "prefix"), place.path("prefix"))
    return place.path("prefix", "bin", "normlab")


def build_flags():
    """What this build's objects need of whoever links them."""
    cache = read(BUILD, "CMakeCache.txt")
    wanted = {"NORMLAB_SANITIZE": ["-fsanitize=address,undefined"], "NORMLAB_COVERAGE": ["--coverage"]}
    return [flag for key, flags in wanted.items() if f"{key}:BOOL=ON" in cache for flag in flags]


def nm(place, *words):
    """Names that files define."""
    found = (line.split() for line in does(place, ["nm", "--defined-only", *words])[0].splitlines())
    return {words[2].split("@")[0] for words in found if len(words) == 3}
