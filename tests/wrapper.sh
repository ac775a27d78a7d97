#!/bin/sh
# What ./normlab promises before the program starts, checked on a copy of it among stub tools: nothing is installed or
# built. Run from the checkout; prints one line a check, ends with 1 if one fails.
#   sh tests/wrapper.sh [WRAPPER]
# shellcheck disable=SC2016,SC2317  # sed's and stubs' own text; the checks are called by name
set -u
unset NORMLAB_PRESET NORMLAB_HOME OPENBLAS_NUM_THREADS CDPATH

wrapper=${1:-./normlab}
[ -f "$wrapper" ] || { echo "wrapper.sh: no $wrapper here: run from the checkout" >&2; exit 66; }
place=$(mktemp -d) || exit 73
place=$(cd -P "$place" && pwd -P)
trap 'rm -rf "$place"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
world="$place/a world"  # a space, wherever paths go
house="$world/house"
calls="$world/calls"    # what the stubs were asked
failed=0

# --- a world of stubs ----------------------------------------------------------------------------

borrow() { # real tools
  for tool; do
    real=$(command -v "$tool") && ln -s "$real" "$world/bin/$tool"
  done
}

stub() { # name; its text on stdin, which sees $world
  { printf '#!/bin/sh\nworld="%s"\n' "$world"; cat; } >"$world/bin/$1"
  chmod +x "$world/bin/$1"
}

# A Debian with everything there, and a root.
new_world() {
  rm -rf "$world"
  mkdir -p "$house" "$world/bin" "$world/elsewhere"
  cp "$wrapper" "$house/normlab"
  chmod +x "$house/normlab"
  : >"$calls"
  : >"$world/missing"
  echo 0 >"$world/uid"
  borrow sh mkdir rmdir rm ln cat grep sed tail sleep readlink env ps flock cp mv awk
  stub id <<'END'
cat "$world/uid"
END
  stub sudo <<'END'
echo "sudo $*" >>"$world/calls"
[ "$1" != -n ] || shift
exec "$@"
END
  stub dpkg-query <<'END'
for name; do
  case $name in -* | *'{'*) continue ;; esac
  if grep -qxF -- "$name" "$world/missing"; then echo "not-installed:$name:"; else echo "installed:$name:"; fi
done
END
  stub apt-get <<'END'
echo "apt-get $*" >>"$world/calls"
echo "apt-get talks"
[ ! -e "$world/offline" ] || { echo "E: Unable to fetch some archives"; exit 100; }
[ "$1" != install ] || : >"$world/missing"
END
  stub cmake <<'END'
echo "cmake $*" >>"$world/calls"
echo "cmake talks"
mkdir -p "$2/build/$4"
echo "CMAKE_HOME_DIRECTORY:INTERNAL=$2
BUILD_TESTING:BOOL=${5#*=}" >"$2/build/$4/CMakeCache.txt"
: >"$2/build/$4/build.ninja"
END
  stub ninja <<'END'
echo "ninja $3" >>"$world/calls"
nap=
trap 'kill $nap; rmdir "$world/busy"; echo "ninja stopped" >>"$world/calls"; exit 2' TERM
echo "ninja talks"
[ ! -e "$world/warns" ] || { echo "a.c:1:2: warning: hm"; echo "b.c:3:4: warning: hm"; }
[ ! -e "$world/broken" ] || { echo "[1/2] fine"; echo "FAILED: a.o"; echo "a.c:1: error: oops"; exit 1; }
mkdir "$world/busy" 2>/dev/null || echo OVERLAP >>"$world/calls"
if [ -e "$world/build-time" ]; then
  sleep "$(cat "$world/build-time")" &
  nap=$!
  wait "$nap"
fi
rmdir "$world/busy" 2>/dev/null
cp "$world/program" "$2/normlab.new"
mv "$2/normlab.new" "$2/normlab"
END
  stub ctest <<'END'
echo "ctest in $PWD: $*"
exit 8
END
  stub gnuplot </dev/null
  stub pkg-config </dev/null
  stub cc </dev/null
  stub c++ </dev/null
  cat >"$world/program" <<'END'
#!/bin/sh
echo "program in $PWD of $NORMLAB_HOME, $OPENBLAS_NUM_THREADS threads:"
for word; do echo "[$word]"; done
[ "${1-}" != stdin ] || cat
[ "${1-}" != fail ] || exit 65
END
  chmod +x "$world/program"
}

absent() { # packages that dpkg does not have
  printf '%s\n' "$@" >"$world/missing"
}

# No second passes: what is said after one is not said, however busy the machine.
stop_clock() {
  rm "$world/bin/sleep"
  stub sleep <<'END'
exec env PATH=/usr/bin:/bin sleep 20
END
}

until_has() { # file, text: until it is there
  patience=200
  until grep -q "$2" "$1" 2>/dev/null || [ "$patience" -eq 0 ]; do
    sleep 0.05
    patience=$((patience - 1))
  done
}

# Runs the wrapper among the stubs; leaves $code, $out and $err.
call() {
  (cd "$world/elsewhere" && PATH="$world/bin" "${house_as:-../house/normlab}" "$@") >"$world/out" 2>"$world/err"
  code=$?
  look
}

look() {
  out=$(cat "$world/out")
  err=$(cat "$world/err")
}

# --- what is claimed -----------------------------------------------------------------------------

wrong=

claim() { # what is, what should be, words
  [ "$1" = "$2" ] || wrong="$wrong
    $3: expected <$2>, found <$1>"
}

claim_has() { # text, part, words
  case $1 in
    *"$2"*) ;;
    *) wrong="$wrong
    $3: no <$2> in <$1>" ;;
  esac
}

claim_lacks() { # text, part, words
  case $1 in
    *"$2"*) wrong="$wrong
    $3: <$2> in <$1>" ;;
  esac
}

check() { # name, function
  wrong=
  new_world
  "$2"
  if [ -z "$wrong" ]; then
    echo "ok      $1"
  else
    echo "FAILED  $1$wrong"
    failed=1
  fi
}

calls_of() { grep -c "^$1" "$calls"; }

# --- the checks ----------------------------------------------------------------------------------

hands_over() {
  stop_clock
  call fail 'two words' '*' ''
  claim "$code" 65 "the program's exit code"
  claim "$out" "program in $world/elsewhere of $house, 1 threads:
[fail]
[two words]
[*]
[]" "stdout is the program's alone"
  claim "$err" "" "silence when all is well"
}

keeps_threads() {
  OPENBLAS_NUM_THREADS=4 call
  claim_has "$out" "4 threads" "the user's own OPENBLAS_NUM_THREADS"
}

finds_home() {
  ln -s "$house/normlab" "$world/elsewhere/direct"
  ln -s direct "$world/elsewhere/through"
  for how in ./direct ./through "../house/normlab" "sh ../house/normlab" through; do
    # shellcheck disable=SC2086  # "sh normlab" is two words
    out=$(cd "$world/elsewhere" && PATH="$world/bin:$world/elsewhere" $how 2>&1)
    claim_has "$out" "program in $world/elsewhere of $house," "$how"
  done
  out=$(cd "$house" && PATH="$world/bin" ../elsewhere/through 2>&1)
  claim_has "$out" "program in $house of $house," "a relative link in another folder"
  out=$(cd "$house" && PATH="$world/bin" sh normlab 2>&1)
  claim_has "$out" "program in $house of $house," "sh normlab"
}

configures_once() {
  call
  call
  claim "$(calls_of cmake)" 1 "calls of cmake in two"
  claim "$(calls_of 'ninja normlab')" 2 "calls of ninja in two"
}

follows_a_move() {
  call
  mv "$house" "$world/moved"
  house="$world/moved"
  house_as=../moved/normlab
  call
  house_as=
  house="$world/house"
  claim "$(calls_of cmake)" 2 "configured again where it is now"
  claim_has "$out" "of $world/moved," "the new home"
}

prints_missing() {
  absent libgsl-dev cmake python3-h5py libcmocka-dev
  call --no-install
  claim "$code" 0 "exit code"
  claim "$out" "cmake
libgsl-dev
libcmocka-dev
python3-h5py" "what any command needs, the tests too"
  for word in list --help; do
    call --no-install "$word"
    claim "$code" 69 "exit code of a command that is not run"
    claim "$out" "cmake
libgsl-dev" "what stands in the way of $word"
  done
  call --no-install test
  claim "$out" "cmake
libgsl-dev
libcmocka-dev
python3-h5py" "what the tests need"
  claim "$code" 69 "exit code"
  absent
  call --no-install
  claim "$out$err$code" 0 "nothing missing, nothing said"
  claim "$(cat "$calls")" "" "nothing installed or built"
  call --no-install --help
  rm -r "$house/build"
  absent cmake
  call --no-install --help
  [ ! -e "$house/build" ]
  claim $? 0 "no build folder"
}

runs_without_installing() {
  stop_clock
  absent libcmocka-dev python3-numpy gnuplot-nox dataset-fashion-mnist
  rm "$world/bin/gnuplot"
  call --no-install list norms
  claim "$code$err" 0 "silence"
  claim_has "$out" "[list]
[norms]" "the program, with its words"
  call --no-install plot batch-size
  claim "$code" 0 "exit code"
  claim "$err" "normlab: going on without gnuplot-nox" "what may be missed"
  claim "$(calls_of apt-get)" 0 "installed"
  absent
  call --no-install test -N
  claim_has "$out" "ctest in $house:" "the tests"
}

# No root, no sudo, and nothing but a compiler's and the libraries' packages.
asks_no_more_than_needed() {
  stop_clock
  echo 1000 >"$world/uid"
  rm "$world/bin/sudo" "$world/bin/gnuplot"
  absent libcmocka-dev python3 python3-numpy hdf5-tools git gnuplot-nox dataset-fashion-mnist
  stub pkg-config <<'END'
[ "$2" != cmocka ] || exit 1
END
  for word in --help --version list check apply new show table 'run --help' 'run x --dry-run'; do
    # shellcheck disable=SC2086  # two words
    call $word
    claim "$code$err" 0 "$word"
  done
  claim_has "$(cat "$calls")" "-DBUILD_TESTING=OFF" "the tests are left out where cmocka is not"
  call run x
  claim "$code" 0 "a run is left to the program"
  claim "$err" "normlab: going on without gnuplot-nox dataset-fashion-mnist" "what may be missed"
  call run x --quick
  claim "$err" "normlab: going on without gnuplot-nox" "quick runs have their images"
  NORMLAB_DATA=/somewhere call run x
  claim "$err" "normlab: going on without gnuplot-nox" "images of one's own"
  absent gnuplot-nox dataset-fashion-mnist fonts-aenigma fonts-lato
  call run x --quick
  claim "$err" "normlab: going on without gnuplot-nox" "fonts that nobody asks for"
  call run x --quick dataset=glyphs
  claim "$err" "normlab: going on without gnuplot-nox fonts-aenigma fonts-lato" "fonts that are asked for"
  absent libcmocka-dev python3 python3-numpy hdf5-tools git gnuplot-nox dataset-fashion-mnist
  call test
  claim "$code" 69 "the tests need more"
  claim_has "$err" "apt-get install gnuplot-nox dataset-fashion-mnist libcmocka-dev python3 python3-numpy hdf5-tools git" "by name"
}

adds_tests_when_wanted() {
  stub pkg-config <<'END'
[ "$2" != cmocka ] || [ -e "$world/cmocka" ]
END
  call list
  : >"$world/cmocka"
  call list
  call test
  call test
  claim "$(calls_of cmake)" 2 "calls of cmake"
  claim_has "$(grep cmake "$calls" | tail -n 1)" "-DBUILD_TESTING=ON" "with the tests"
}

# Of what one label alone needs, other tests know nothing.
installs_what_a_label_needs() {
  stop_clock
  absent valgrind
  call test -L quick
  claim "$(calls_of apt-get)" 0 "the quick ones count no instructions"
  call test -L cost
  claim_has "$(grep install "$calls")" " valgrind" "those of cost do"
  absent chromium-driver
  call test -L quick
  claim "$(calls_of apt-get)" 2 "no browser either"
  call test -L site
  claim_has "$(grep install "$calls")" " chromium-driver" "those of the site do"
  absent openmpi-bin
  call test -L compilers
  claim "$(calls_of apt-get)" 4 "nor other processes"
  call test -L mpi
  claim_has "$(grep install "$calls")" " openmpi-bin" "those of mpi do"
}

# Built with MPI in a tree of its own, and the default build is left alone.
builds_with_mpi() {
  stop_clock
  absent openmpi-bin libopenmpi-dev
  call list norms
  claim "$(calls_of apt-get)" 0 "calls of apt-get without --mpi"
  call --mpi run 'a b'
  claim_has "$(grep install "$calls")" " libopenmpi-dev openmpi-bin" "what is installed"
  claim_has "$(cat "$calls")" "cmake -S $house --preset mpi" "cmake"
  claim_has "$out" "[run]
[a b]" "the program's arguments"
  call --no-install --mpi run
  claim "$code" 0 "exit code where nothing is missing"
}

# The book is rendered by what no other command needs, its PDF by a browser.
renders_the_book() {
  stop_clock
  mkdir "$house/site"
  cat >"$house/site/build.py" <<'END'
#!/bin/sh
echo "book with $NORMLAB_PROGRAM:"
for word; do echo "[$word]"; done
END
  chmod +x "$house/site/build.py"
  absent pandoc chromium python3-xarray
  call list norms
  claim "$(calls_of apt-get)" 0 "the program needs no pandoc"
  call notes --out x
  claim "$code" 0 "exit code"
  claim_has "$out" "book with $house/build/release/normlab:
[--out]
[x]" "the words, and the program"
  claim_has "$(grep install "$calls")" " pandoc" "what renders"
  claim_lacks "$(grep install "$calls")" "chromium" "no browser for pages"
  claim_lacks "$(grep install "$calls")" "xarray" "nothing of the tests"
  absent chromium
  call --no-install notes --pdf
  claim "$code$out" 69chromium "the PDF needs one"
}

installs_what_is_useful() {
  stop_clock
  absent gnuplot-nox
  rm "$world/bin/gnuplot"
  call list
  claim "$(calls_of apt-get)" 0 "a list draws nothing"
  call demo
  claim_has "$(grep install "$calls")" " gnuplot-nox" "the demo does"
  absent gnuplot-nox
  : >"$world/offline"
  call demo
  claim "$code" 0 "a demo without it"
  claim_has "$err" "going on without gnuplot-nox" "one line"
  claim_has "$out" "[demo]" "the program"
}

any_provider_will_do() {
  absent gnuplot-nox gcc pkg-config
  call --no-install
  claim "$out" "" "gnuplot, cc and pkg-config are there, whoever brought them"
  rm "$world/bin/gnuplot"
  call --no-install
  claim "$out" gnuplot-nox "no gnuplot at all"
}

installs_as_root() {
  stop_clock
  absent zlib1g-dev libmd-dev
  call
  claim "$code" 0 "exit code"
  claim "$err" "normlab: installing: libmd-dev zlib1g-dev" "one line"
  claim_has "$(cat "$calls")" "apt-get update" "lists renewed"
  claim_has "$(grep install "$calls")" "install -y --no-install-recommends" "unattended"
  claim_has "$(grep install "$calls")" " libmd-dev zlib1g-dev" "the packages"
  claim "$(calls_of sudo)" 0 "calls of sudo"
  claim_lacks "$out" "talks" "stdout"
}

installs_for_tests_only_when_testing() {
  absent python3-xarray
  call
  claim "$(calls_of apt-get)" 0 "the program needs no xarray"
  call test
  claim_has "$(grep install "$calls")" " python3-xarray" "the tests do"
}

installs_through_sudo() {
  echo 1000 >"$world/uid"
  absent libmd-dev
  call </dev/null
  claim "$code" 0 "exit code"
  claim "$(calls_of 'sudo -n')" 2 "calls of sudo, which must not ask without a terminal"
  rm "$world/bin/sudo"
  absent libmd-dev
  call
  claim "$code" 69 "exit code without sudo"
  claim_has "$err" "apt-get install libmd-dev" "what root would have to run"
}

says_when_offline() {
  : >"$world/offline"
  absent libmd-dev
  call
  claim "$code" 69 "exit code"
  claim_has "$err" "Unable to fetch" "the end of the log"
  claim_has "$err" "could not install: libmd-dev" "what is missing"
  claim "$out" "" "stdout"
  claim "$(calls_of ninja)" 0 "no build after it"
}

says_what_stays_missing() {
  stub apt-get <<'END'
exit 0
END
  absent libmd-dev
  call
  claim "$code" 69 "exit code"
  claim_has "$err" "could not install: libmd-dev" "what is missing"
}

names_packages_elsewhere() {
  rm "$world/bin/apt-get"
  stub pkg-config <<'END'
case $2 in gsl | libmd) exit 1 ;; esac
END
  stub h5cc </dev/null
  call
  claim "$code" 69 "exit code"
  claim "$out" "" "stdout"
  claim_has "$err" "dnf install gsl-devel libmd-devel
" "dnf's names"
  claim_has "$err" "brew install gsl libmd
" "brew's names"
  claim "$(calls_of ninja)" 0 "no build after it"
  stub pkg-config </dev/null
  call
  claim "$code" 0 "all there, no apt-get needed"
}

needs_its_tools() {
  for tool in ninja cmake; do
    rm "$world/bin/$tool"
    call
    claim "$code" 69 "exit code without $tool"
    claim_has "$err" "$tool is missing" "one line"
  done
}

shows_failures() {
  : >"$world/broken"
  call
  claim "$code" 70 "exit code"
  claim_has "$err" "a.c:1: error: oops" "the compiler's words"
  claim_lacks "$err" "fine" "no more than them"
  claim "$out" "" "stdout"
  rm "$world/broken"
  call
  claim "$code" 0 "mended"
}

shows_failures_of_cmake() {
  stub cmake <<'END'
echo "-- fine"
echo "CMake Error: no such thing"
exit 1
END
  call
  claim "$code" 70 "exit code"
  claim_has "$err" "CMake Error: no such thing" "CMake's words"
  claim_lacks "$err" "-- fine" "no more than them"
}

says_unwritable() {
  : >"$house/build" # a file in its place: root may write everywhere
  call
  claim "$code" 73 "exit code"
  claim "$err" "normlab: cannot write to $house/build" "one line"
}

says_building() {
  echo 1.5 >"$world/build-time"
  call
  claim "$err" "normlab: building" "a slow build"
  claim "$code" 0 "exit code"
}

leaves_pipes() {
  stop_clock
  start=$(date +%s)
  (cd "$world/elsewhere" && PATH="$world/bin" "$house/normlab" 2>&1) | cat >/dev/null
  [ $(($(date +%s) - start)) -lt 10 ]
  claim $? 0 "a pipe on stderr ends with the program, not with a timer"
}

lives_without_stdin() {
  stop_clock
  call stdin <&-
  claim "$code$err" 0 "closed stdin"
  echo words | call stdin
  look
  claim_has "$out" words "the program's stdin is ours"
}

says_how_long() {
  stop_clock
  call test
  claim "$err" "normlab: the tests take about 10 minutes on two processors (../house/normlab test -L quick: one)" \
    "the first time"
  mkdir -p "$house/build/release/Testing/Temporary"
  printf 'a 3 100.5\nb 1 200\nc 0 0\n---\n' >"$house/build/release/Testing/Temporary/CTestCostData.txt"
  call test
  claim_has "$err" "about 3 minutes" "as they took before"
  call test -R few
  claim "$err" "" "some of them"
}

says_how_it_is_called() {
  echo 'echo "called as $NORMLAB_CALLED"' >>"$world/program"
  call
  claim_has "$out" "called as ../house/normlab" "as it was"
  out=$(cd "$house" && PATH="$world/bin" sh normlab)
  claim_has "$out" "called as ./normlab" "by sh"
  ln -s "$house/normlab" "$world/bin/normlab"
  out=$(cd "$world" && PATH="$world/bin" normlab)
  claim_has "$out" "called as normlab" "by PATH"
  out=$(cd / && PATH="$world/bin" "$house/normlab")
  claim_has "$out" "called as '$house/normlab'" "with a space"
}

says_that_it_warned() {
  stop_clock
  : >"$world/warns"
  call
  claim "$code" 0 "exit code"
  claim "$err" "normlab: the compiler had 2 warnings: $house/build/release/build.log" "one line"
}

runs_tests() {
  call test -R 'one or two'
  claim "$code" 8 "ctest's exit code"
  claim_has "$out" "ctest in $house: --preset release -j2 --output-on-failure" "ctest"
  claim_has "$out" " -R one or two" "its options"
  claim "$(calls_of 'ninja all')" 1 "all is built"
}

obeys_preset() {
  NORMLAB_PRESET=dev call test
  claim_has "$out" "--preset dev" "ctest"
  claim_has "$(cat "$calls")" "cmake -S $house --preset dev" "cmake"
  [ -d "$house/build/dev" ] && [ ! -e "$house/build/release" ]
  claim $? 0 "build/dev alone"
  NORMLAB_PRESET=../x call
  claim "$code" 64 "a wrong preset's exit code"
}

# Several at once, each building for a while.
crowd() {
  echo 0.4 >"$world/build-time"
  for one in 1 2 3 4; do
    (cd "$house" && PATH="$world/bin" ./normlab >"$world/out$one" 2>"$world/err$one") &
  done
  wait
  claim "$(calls_of OVERLAP)" 0 "builds at the same time"
  claim "$(cat "$world"/out? | grep -c "^program")" 4 "programs run"
  claim "$(calls_of cmake)" 1 "configured by the first alone"
  claim_has "$(cat "$world"/err?)" "waiting for another build" "those who wait long say so"
}

takes_turns() { crowd; }

takes_turns_without_flock() {
  rm "$world/bin/flock"
  crowd
  [ ! -h "$house/build/.lock-holder" ]
  claim $? 0 "the lock is gone"
}

breaks_stale_locks() {
  rm "$world/bin/flock"
  mkdir "$house/build"
  sh -c 'exit 0' &
  dead=$!
  wait "$dead"
  ln -s "$dead" "$house/build/.lock-holder"
  call
  claim "$code" 0 "a dead holder"
}

runs_free() { # the program must not keep the lock
  echo 'sleep 3; echo slept' >>"$world/program"
  (cd "$house" && PATH="$world/bin" ./normlab >"$world/first" 2>&1) &
  until_has "$world/first" program
  sed -i '$d' "$world/program"
  call
  claim_lacks "$(cat "$world/first")" slept "done before the first's program is"
  wait
}

# SIGUSR1, which ends nothing, then a signal to the wrapper alone; a background child ignores INT unless told otherwise.
interrupted() { # signal, exit code
  echo 5 >"$world/build-time"
  (cd "$house" && PATH="$world/bin" exec env --default-signal=INT ./normlab >"$world/out" 2>"$world/err") &
  victim=$!
  until_has "$calls" "^ninja n"
  sleep 0.2 # its trap is set by then
  kill -USR1 "$victim"
  sleep 0.1
  kill "-$1" "$victim"
  wait "$victim"
  claim "$?" "$2" "exit code"
  claim "$(calls_of 'ninja stopped')" 1 "ninja is told"
  echo 0 >"$world/build-time"
  call
  claim "$code" 0 "builds again"
  claim_lacks "$err" waiting "at once"
}

stops_at_interrupt() { interrupted INT 130; }
stops_at_termination() { interrupted TERM 143; }

check "hands over arguments, exit code, stdout" hands_over
check "leaves the user's number of threads" keeps_threads
check "finds its home through symlinks, PATH and sh" finds_home
check "configures once" configures_once
check "follows a moved checkout" follows_a_move
check "--no-install prints the missing, does nothing" prints_missing
check "--no-install runs where nothing is missing" runs_without_installing
check "asks for no more than a command needs" asks_no_more_than_needed
check "adds the tests when they are wanted" adds_tests_when_wanted
check "installs what a label needs where it is asked for" installs_what_a_label_needs
check "builds with MPI where it is asked to" builds_with_mpi
check "renders the book by what nothing else needs" renders_the_book
check "installs what is useful, and goes on without" installs_what_is_useful
check "says how long the tests take" says_how_long
check "says how it is called" says_how_it_is_called
check "says that the compiler warned" says_that_it_warned
check "any provider of a command will do" any_provider_will_do
check "installs as root" installs_as_root
check "installs the tests' needs for tests only" installs_for_tests_only_when_testing
check "installs through sudo" installs_through_sudo
check "says so when offline" says_when_offline
check "says what stays missing" says_what_stays_missing
check "names packages where apt-get is not" names_packages_elsewhere
check "needs cmake and ninja" needs_its_tools
check "shows the compiler's errors" shows_failures
check "shows CMake's errors" shows_failures_of_cmake
check "says that it cannot write" says_unwritable
check "says that it builds, when that takes long" says_building
check "does not hold a pipe open" leaves_pipes
check "lives without stdin" lives_without_stdin
check "runs the tests" runs_tests
check "obeys NORMLAB_PRESET" obeys_preset
check "parallel calls take turns" takes_turns
check "parallel calls take turns without flock" takes_turns_without_flock
check "breaks a dead call's lock" breaks_stale_locks
check "a running program holds no lock" runs_free
check "stops at an interrupt" stops_at_interrupt
check "stops at a termination" stops_at_termination
exit "$failed"
