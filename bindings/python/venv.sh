# shellcheck shell=bash
# Sourced by scripts/{test,bench,driver}-python: makes target/python/venv with the pinned tools and
# the wheel of this folder, built around target/release/libtdc.*. Warm, it does nothing.
# Sets: root, venv, python; find_python and setup_other_venv set other_python.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv="$root/target/python/venv"
python="$venv/bin/python"

say() { printf 'python: %s\n' "$*" >&2; }

# Whether $1, a stamp, is younger than the files and folders after it.
is_fresh() {
    local stamp=$1
    shift
    [[ -f $stamp ]] && [[ -z $(find "$@" -type f -newer "$stamp" -not -path '*/__pycache__/*' -print -quit) ]]
}

setup_venv() {
    local base=${PYTHON:-python3} package="$root/bindings/python" library=
    if ! "$base" -c 'import sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
        say "skipped, because there is no $base of version 3.10 or later with the venv module"
        exit 0
    fi
    for library in "$root"/target/release/libtdc.{so,dylib} missing; do
        if [[ -f $library ]]; then break; fi
    done
    if [[ $library == missing ]]; then
        say "no target/release/libtdc.so: run \`cargo build --release\` first"
        exit 1
    fi
    mkdir -p "$root/target/python"
    # Two scripts at once (the matrix runs drivers in parallel) must not install at once.
    exec {lock}>"$root/target/python/lock"
    if command -v flock >/dev/null; then flock "$lock"; fi
    if [[ ! -x $python ]]; then
        say "making a virtual environment in target/python/venv"
        "$base" -m venv "$venv"
    fi
    if ! is_fresh "$venv/tools.stamp" "$package/requirements-dev.txt"; then
        say "installing the pinned tools"
        "$python" -m pip install --quiet --disable-pip-version-check -r "$package/requirements-dev.txt"
        touch "$venv/tools.stamp"
    fi
    if ! is_fresh "$venv/wheel.stamp" "$library" "$package"/{src,native,pyproject.toml,build_library.py,README.md,LICENSE} "$root/include/tdc.h"; then
        say "building the wheel and installing it"
        touch "$venv/wheel.begun" # a library built meanwhile is newer than this
        rm -rf "$root/target/python/dist"
        TDC_LIBRARY=$library "$python" -m build --wheel --no-isolation \
            --outdir "$root/target/python/dist" "$package" >"$root/target/python/build.log" 2>&1 ||
            { cat "$root/target/python/build.log" >&2; exit 1; }
        "$python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
            "$root"/target/python/dist/temporal_tdc-*.whl
        mv "$venv/wheel.begun" "$venv/wheel.stamp"
    fi
    exec {lock}>&-
    # The tests are about the wheel, so nothing may point it at another library.
    unset TDC_LIBRARY PYTHONPATH
}

# Sets other_python to an interpreter of version $1, such as 3.12; fails where there is none.
find_python() {
    for other_python in "$(command -v "python$1" || true)" "$HOME"/.pyenv/versions/"$1"*/bin/"python$1" "$python"; do
        if [[ $("$other_python" -c 'import sys, venv; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) == "$1" ]]; then
            return
        fi
    done
    return 1
}

# Another virtual environment, in target/python/$1, by the interpreter $2, with the packages that $3
# and what follows say to pip, at least one file of requirements among them. A changed file makes
# it anew. Sets other_python. Needs setup_venv before it.
setup_other_venv() {
    local other="$root/target/python/$1" base=$2 argument requirements=()
    shift 2
    for argument; do
        if [[ $argument == *.txt ]]; then requirements+=("$argument"); fi
    done
    other_python="$other/bin/python"
    # The files of other environments are not compared: Spark is half a gigabyte to install again.
    if ! is_fresh "$other/tools.stamp" "${requirements[@]}"; then
        say "making a virtual environment in target/python/${other##*/}"
        rm -rf "$other"
        "$base" -m venv "$other"
        "$other_python" -m pip install --quiet --disable-pip-version-check "$@"
        touch "$other/tools.stamp"
    fi
    if ! is_fresh "$other/wheel.stamp" "$venv/wheel.stamp"; then
        "$other_python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
            "$root"/target/python/dist/temporal_tdc-*.whl
        "$other_python" -m pip check --disable-pip-version-check >&2
        touch "$other/wheel.stamp"
    fi
}
