#!/usr/bin/python3 -B
"""A study in a folder that two machines share by NFS: two virtual ones, each with a kernel of its own, of which the first also
serves the folder. Who dies, or is cut off until its locks have lapsed, costs nobody a result. Some minutes, by an emulator:
`./normlab test -L nfs`.

The machines see this machine's files, read only; a kernel is Debian's package, unpacked into build/nfs.
"""

import contextlib
import glob
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time

import program
from program import HOME, NotRun, check, case, main, same
from small_study import NETWORK, check_same, check_same_runs, collected, second_place

KEPT = os.path.join(HOME, "build", "nfs")
TREE = os.path.join(KEPT, "tree")
BUSY = 75
LEASE = 10  # seconds after which the server forgets the locks of a client that it does not hear of
PATIENCE = program.PATIENCE = 900
STUDY = ["run", "batch-size", "--quick", "norm=batch,group:4", "batch=8,4", "samples=8", "seed=1,2", "images=64", "epochs=6",
         NETWORK, "--as", "few"]
RUNS = 6
MACHINE = ("processor", "cores", "kernel")  # facts of a run's provenance that are of where it was made

# The files of this machine, and what a machine may change of them in its own memory.
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /host
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs dev /dev
while read module; do /bin/busybox insmod "$module"; done < /modules
/bin/busybox mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 host /host
for folder in proc sys dev; do /bin/busybox mount --move /$folder /host/$folder; done
exec /bin/busybox switch_root /host /bin/sh -c '
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
for folder in /run /tmp /mnt /var/lib/nfs; do mount -t tmpfs tmpfs $folder; done
dmesg -n 1
mkdir /tmp/place; mount -t 9p -o trans=virtio,version=9p2000.L place /tmp/place
exec 3<> /dev/ttyS0
stty raw -echo <&3
echo "machine is up" >&3
cat <&3 | exec sh >&3 2>&1'
"""
SERVE = f"""mount -t nfsd nfsd /proc/fs/nfsd
echo {LEASE} > /proc/fs/nfsd/nfsv4leasetime
echo {LEASE} > /proc/fs/nfsd/nfsv4gracetime
mkdir -p /run/rpc_pipefs /run/rpcbind /tmp/export
touch /var/lib/nfs/etab /var/lib/nfs/rmtab
rpcbind
exportfs -i -o rw,no_root_squash,fsid=0,no_subtree_check '*:/tmp/export'
rpc.nfsd 2 && rpc.mountd --port 20048"""


def run_here(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, cwd=KEPT)
    check(done.returncode == 0, f"{shlex.join(words)}: exit code {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def kernel():
    """(kernel, first file system, folder of modules)"""
    for tool in ("qemu-system-x86_64", "mount.nfs", "rpc.nfsd", "rpcbind", "busybox", "depmod", "cpio"):
        if not shutil.which(tool):
            raise NotRun(f"{tool} is missing: ./normlab test -L nfs installs it")
    os.makedirs(KEPT, exist_ok=True)
    root, first = os.path.join(KEPT, "root"), os.path.join(KEPT, "first.gz")
    if not os.path.exists(first):
        package = re.search(r"linux-image-[0-9]\S*", run_here("apt-cache", "depends", "linux-image-amd64"))
        check(package, "no kernel among the packages")
        run_here("apt-get", "-o", "APT::Sandbox::User=root", "download", package[0])
        run_here("dpkg", "-x", glob.glob(os.path.join(KEPT, "linux-image-*.deb"))[0], root)
        version = os.path.basename(glob.glob(os.path.join(root, "lib", "modules", "*"))[0])
        run_here("depmod", "-b", root, version)
        pack(root, version, first)
    return glob.glob(os.path.join(root, "boot", "vmlinuz-*"))[0], first, root


def built():
    """The program and what takes locks, for any processor of this kind."""
    run_here("cmake", "-G", "Ninja", "-S", HOME, "-B", TREE, "-DCMAKE_BUILD_TYPE=Release", "-DNORMLAB_NATIVE=OFF")
    run_here("ninja", "-C", TREE, "normlab", "locks")
    program.PROGRAM = os.path.join(TREE, "normlab")


def pack(root, version, first):
    """What a kernel needs until it sees the files of this machine."""
    tree = os.path.join(KEPT, "first")
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(os.path.join(tree, "bin"))
    shutil.copy(shutil.which("busybox"), os.path.join(tree, "bin"))
    modules = {}  # in the order in which they are needed
    for module in ("virtio_pci", "9pnet_virtio", "9p", "virtio_net"):
        for line in run_here("modprobe", "-d", root, "-S", version, "--show-depends", module).splitlines():
            if line.startswith("insmod"):
                modules[line.split()[1]] = True
    for path in modules:
        shutil.copy(path, tree)
    with open(os.path.join(tree, "modules"), "w", encoding="utf-8") as file:
        file.writelines(f"/{os.path.basename(path)}\n" for path in modules)
    with open(os.path.join(tree, "init"), "w", encoding="utf-8") as file:
        file.write(INIT)
    os.chmod(os.path.join(tree, "init"), 0o755)
    run_here("sh", "-c", f"cd {shlex.quote(tree)} && find . | cpio -o -H newc --quiet | gzip -1 > {shlex.quote(first)}.new")
    os.rename(first + ".new", first)


class Machine:
    """A machine of one processor, which does what it is told at its serial line."""

    def __init__(self, place, name, address, network):
        self.name, self.place = name, place
        image, first, self.root = kernel()
        self.process = subprocess.Popen(
            ["qemu-system-x86_64", "-M", "q35", "-cpu", "max", "-m", "400", "-nodefaults", "-display", "none", "-no-reboot",
             "-serial", "stdio", "-kernel", image, "-initrd", first, "-append", "console=ttyS0 quiet panic=1",
             "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
             "-virtfs", f"local,path={place.folder},mount_tag=place,security_model=none",
             "-netdev", f"socket,id=net,{network}", "-device", f"virtio-net-pci,netdev=net,mac=52:54:00:00:00:0{address}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.heard, self.log = b"", open(os.path.join(KEPT, name + ".log"), "wb")
        self.address = address

    def ready(self):
        self.until(rb"machine is up")
        self.does(f"hostname {self.name}; busybox ifconfig lo 127.0.0.1 up; busybox ifconfig eth0 10.0.0.{self.address} up")
        self.does(f"for module in nfsd nfsv4 nfsv3; do modprobe -d {self.root} $module; done")

    def until(self, pattern, seconds=PATIENCE):
        """What was said before it, and its match."""
        deadline = time.monotonic() + seconds
        os.set_blocking(self.process.stdout.fileno(), False)
        while not (found := re.search(pattern, self.heard)):
            check(time.monotonic() < deadline and self.process.poll() is None, f"{self.name}: {self.heard[-3000:]!r}")
            more = self.process.stdout.read() or b""
            self.heard += more
            self.log.write(more)
            self.log.flush()
            time.sleep(0.05)
        said, self.heard = self.heard[:found.start()], self.heard[found.end():]
        return said.decode(errors="replace"), found

    def told(self, words, seconds=PATIENCE):
        """(exit code, what it said)"""
        self.log.write(f"> {words}\n".encode())
        self.log.flush()
        self.process.stdin.write(f"{{ {words}\n}} < /dev/null; echo \"[over $?]\"\n".encode())
        self.process.stdin.flush()
        said, found = self.until(rb"\[over (\d+)\]\r?\n", seconds)
        return int(found[1]), said

    def does(self, words, seconds=PATIENCE):
        code, said = self.told(words, seconds)
        check(code == 0, f"{self.name}: {words}: exit code {code}: {said}")
        return said

    def mounts(self, options):
        """A busy machine is not found at once."""
        where = "/" if "vers=4" in options else "/tmp/export"
        self.does(f"for i in $(seq 60); do mount -t nfs -o {options},proto=tcp 10.0.0.1:{where} /mnt && break; sleep 1; done 2>&1 | tail -3; "
                  "mountpoint -q /mnt")

    def begins(self, *words):
        """The program, with results in the shared folder."""
        self.begins_other(f"NORMLAB_HOME={HOME} NORMLAB_OUT=/mnt/out NORMLAB_DATA=/mnt TMPDIR=/tmp "
                          f"{shlex.join([program.PROGRAM, *words])}")

    def begins_other(self, words):
        self.does(f"(cd /tmp; {words}; echo \"exit code $?\") > /tmp/said 2>&1 &")

    def ended(self, seconds=PATIENCE):
        """(exit code, what it said) of what was begun."""
        deadline = time.monotonic() + seconds
        while not (found := re.search(r"exit code (\d+)\r?\n", said := self.does("cat /tmp/said"))):
            check(time.monotonic() < deadline, f"{self.name} is not over after {seconds} s: {said[-3000:]}")
            time.sleep(1)
        return int(found[1]), said

    def freezes(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaws(self):
        self.process.send_signal(signal.SIGCONT)

    def dies(self):
        self.process.kill()
        self.process.communicate()


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(type=socket.SOCK_DGRAM)) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextlib.contextmanager
def two_machines(place):
    """Both have the folder of the first at /mnt."""
    built()
    ports, machines = free_ports(2), []
    try:
        for name, to, by in (("one", *ports), ("two", *reversed(ports))):
            machines.append(Machine(place, name, len(machines) + 1, f"udp=127.0.0.1:{to},localaddr=127.0.0.1:{by}"))
        for machine in machines:
            machine.ready()
        machines[0].does(SERVE)
        for machine in machines:
            machine.mounts("vers=4.2")
        yield machines
    finally:
        for machine in machines:
            machine.dies()


def files(machine, pattern):
    return machine.does(f"ls -a /mnt/out/runs | grep -E '{pattern}' | cat").split()


def runs_done(said):
    return set(re.findall(r"^normlab: \d+/\d+ (.*): done after", said.replace("\r", ""), re.M))


def wait_for(machine, pattern, count):
    deadline = time.monotonic() + PATIENCE
    while len(files(machine, pattern)) < count:
        check(time.monotonic() < deadline, f"never {count} of {pattern}: {machine.told('ls -la /mnt/out/runs; cat /tmp/said')[1]}")
        time.sleep(0.5)


def check_made(place, machine, *litter):
    """What the machines have made is what one process makes here, and nothing else lies beside it."""
    whole, shared = second_place(place, "whole"), second_place(place, "shared")
    whole.good(*STUDY)
    machine.does("cp -r /mnt/out /tmp/place/shared/")
    check_same_runs(whole, shared, MACHINE)
    check_same(collected(whole), collected(shared), MACHINE)
    allowed = "|".join([r"/[0-9a-f]{16}[.]h5$", r"/batch-size-few[^/]*[.](h5|svg)$", "/gates/", *litter])
    left = [name for name in machine.does("cd /mnt/out; find . -type f").split() if not re.search(allowed, name)]
    check(not left, f"left behind: {left}")


def go_on(machine, attempts=10):
    """The same command until it is through, what it said the last time, and how often it was asked."""
    for attempt in range(1, attempts + 1):
        machine.begins(*STUDY, "--jobs", "1")
        code, said = machine.ended()
        if code == 0:
            return said, attempt
        check(code == BUSY, f"exit code {code}: {said}")
    raise program.Failure(f"not through in {attempts} attempts: {said}")


@case("nfs")
def locks(place):
    """One at a time has a lock, though its file comes and goes: each of three hundred steps counts."""
    with two_machines(place) as (one, two):
        words = f"{TREE}/tests/locks /mnt/number 150"
        for machine in (one, two):
            machine.begins_other(words)
        told = [one.ended(), two.ended()]
        same(f"exit codes, {told}", [code for code, _ in told], [0, 0])
        same(f"steps, {told}", one.does("cat /mnt/number"), "300")
        check(any(re.search(r"waited [1-9]", said) for _, said in told), f"they never met: {told}")
        same("files", one.does("ls -A /mnt"), "number\n")


@case("nfs")
def together(place):
    """Each run is computed by one of them, and both see all of it."""
    with two_machines(place) as (one, two):
        one.begins(*STUDY, "--jobs", "1")
        two.begins(*STUDY, "--jobs", "1")
        told = [one.ended(), two.ended()]
        codes = sorted(code for code, _ in told)
        check(codes in ([0, 0], [0, BUSY]), f"exit codes {codes}: {told}")
        shares = [runs_done(said) for _, said in told]
        check(shares[0] and shares[1] and not shares[0] & shares[1] and len(shares[0] | shares[1]) == RUNS, f"{shares}: {told}")
        check("its locks" not in told[0][1] + told[1][1], f"what is not so is said of NFS: {told}")
        print(f"one did {len(shares[0])} runs, two did {len(shares[1])}")
        check_made(place, one)


@case("nfs")
def dead(place):
    """A machine that dies in a run leaves it to the other, as soon as its lock has lapsed."""
    with two_machines(place) as (one, two):
        two.begins(*STUDY, "--jobs", "1")
        wait_for(one, "[.]lock$", 1)
        two.dies()
        _, attempts = go_on(one)
        print(f"through at attempt {attempts}")
        check_made(place, one, r"[.]tmp[.]", "[.]lock$", "/[.]nfs")


@case("nfs")
def cut_off(place):
    """A machine that nobody hears of until its locks have lapsed, and that then goes on, spoils nothing."""
    with two_machines(place) as (one, two):
        two.begins(*STUDY, "--jobs", "1")
        wait_for(one, "[.]lock$", 1)
        time.sleep(5)  # it computes
        two.freezes()
        check(files(one, "[.]lock$"), "the run was over before")
        time.sleep(2 * LEASE)
        said, attempts = go_on(one)
        print(f"through at attempt {attempts}, {len(runs_done(said))} runs the last time")
        same("locks", files(one, "[.]lock$"), [])
        two.thaws()
        code, said = two.ended()
        check(code in (0, BUSY), f"exit code {code}: {said}")
        print(f"the other ended with {code}")
        check_made(place, one)


@case("nfs")
def of_one_machine(place):
    """Where a mount keeps its locks for itself, that is said."""
    with two_machines(place) as (one, two):
        for seed, kept, options in ((1, "local_lock=none", "vers=4.2"), (2, "local_lock=all", "vers=3,nolock")):
            two.does("umount /mnt")
            two.mounts(options)
            two.does(f"grep -q {kept} /proc/mounts")
            two.begins(*STUDY, f"seed={seed}", "batch=8", "norm=group:4", "epochs=1")
            code, said = two.ended()
            same(f"{options}: exit code, {said}", code, 0)
            same(f"{options}: {said}", "its locks hold on this machine alone (nfs" in said, kept != "local_lock=none")


if __name__ == "__main__":
    main()
