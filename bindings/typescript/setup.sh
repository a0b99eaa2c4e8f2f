# shellcheck shell=bash
# Sourced by scripts/{test,bench,driver}-typescript and scripts/dist/npm: installs the pinned tools
# of this folder's lock file, builds both packages into target/typescript/npm and installs them in
# target/typescript/installed. Warm, it does nothing. Sets: root, package, installed, packed.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
package="$root/bindings/typescript"
installed="$root/target/typescript/installed"
packed="$root/target/typescript/npm"
target_dir=${CARGO_TARGET_DIR:-$root/target}

say() { printf 'typescript: %s\n' "$*" >&2; }

# Whether $1, a stamp, is younger than the files and folders after it.
is_fresh() {
  local stamp=$1
  shift
  [[ -f $stamp ]] && [[ -z $(find "$@" -type f -newer "$stamp" -print -quit) ]]
}

# What the native package of this machine is called, after `temporal-tdc-`.
platform() {
  node -p '
    const { platform, arch } = process;
    const libc = process.report.getReport().header.glibcVersionRuntime ? "gnu" : "musl";
    [platform, arch, ...(platform === "linux" ? [libc] : [])].join("-")'
}

# Keeps two scripts at once (the matrix runs drivers in parallel) from installing at once, until
# unlock.
lock() {
  mkdir -p "$root/target/typescript"
  exec {lock}>"$root/target/typescript/lock"
  if command -v flock >/dev/null; then flock "$lock"; fi
}

unlock() { exec {lock}>&-; }

needs_node() {
  if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
    say "skipped, because there is no Node.js of version 20 or later"
    exit 0
  fi
}

# The pinned tools and the SDK.
install_tools() {
  if ! is_fresh "$root/target/typescript/tools.stamp" "$package"/package{,-lock}.json || [[ ! -d $package/node_modules ]]; then
    say "installing the pinned tools and the SDK with npm"
    mkdir -p "$root/target/typescript"
    npm --prefix "$package" ci --silent
    touch "$root/target/typescript/tools.stamp"
  fi
}

setup_typescript() {
  needs_node
  lock
  install_tools
  build_addon
  if ! is_fresh "$installed/stamp" "$addon" "$package"/{src,package.json,README.md} "${BASH_SOURCE[0]}"; then
    pack
    install_packages
    touch "$installed/stamp"
  fi
  unlock
}

# Compiles the driver and the peers of peers/typescript beside the installed packages. After
# setup_typescript.
compile_peers() {
  local peers="$installed/peers/typescript"
  lock
  if ! is_fresh "$peers/out/stamp" "$installed/stamp" "$root/peers/typescript" "$package/tsconfig.json"; then
    say "compiling peers/typescript"
    rm -rf "$installed"/{peers,bindings}
    mkdir -p "$installed"/{peers,bindings/typescript}
    cp -r "$root/peers/typescript" "$peers"
    cp "$package/tsconfig.json" "$installed/bindings/typescript/"
    "$package/node_modules/.bin/tsc" -p "$peers"
    touch "$peers/out/stamp"
  fi
  unlock
}

# Builds the addon with cargo, which knows best whether there is anything to do. Sets addon.
build_addon() {
  [[ -f $target_dir/release/libtdc_node.so || -f $target_dir/release/libtdc_node.dylib ]] ||
    say "building the addon with cargo (the first time takes some minutes)"
  # As `make build` does, so that what the crates share is built once, with the same features.
  cargo build --release --quiet --manifest-path "$root/Cargo.toml"
  for addon in "$target_dir"/release/libtdc_node.{so,dylib}; do
    if [[ -f $addon ]]; then return; fi
  done
  say "cargo built no libtdc_node"
  exit 1
}

# Packs temporal-tdc and this platform's package, with the addon and, where they are built, the
# command tdc and the clients of key services.
pack() {
  pack_for "$(platform)" "$addon" "$target_dir/release/tdc" "${addon/tdc_node/tdc_keys}"
}

# pack_for PLATFORM ADDON PROGRAM CLIENTS …: packs temporal-tdc and the package of each platform
# into $packed.
pack_for() {
  local stage="$root/target/typescript/stage" version file platforms=()
  version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml" | head -1)
  rm -rf "$stage" "$packed"
  mkdir -p "$stage/temporal-tdc" "$packed"
  "$package/node_modules/.bin/tsc" -p "$package" --outDir "$stage/temporal-tdc/dist"
  # Named once more for `import`: both ways share the modules, so an error is an instance of one
  # class.
  cp "$package/esm/index.mjs" "$stage/temporal-tdc/dist/index.mjs"
  cp "$package/esm/index.d.mts" "$stage/temporal-tdc/dist/index.d.mts"
  cp "$package/README.md" "$root/LICENSE" "$stage/temporal-tdc/"
  while (($#)); do
    say "packing @temporal-tdc/$1 $version"
    mkdir -p "$stage/$1"
    cp "$root/LICENSE" "$stage/$1/"
    cp "$2" "$stage/$1/tdc.$1.node"
    for file in "$3" "$4"; do
      if [[ -f $file ]]; then cp "$file" "$stage/$1/"; fi
    done
    platforms+=("$1")
    shift 4
  done
  node "$package/stage.mjs" "$package/package.json" "$stage" "$version" "${platforms[@]}"
  for each in temporal-tdc "${platforms[@]}"; do
    npm pack --silent --pack-destination "$packed" "$stage/$each" >/dev/null
  done
}

# Installs both packages as a user would, beside the SDK of the lock file.
install_packages() {
  rm -rf "$installed"
  mkdir -p "$installed"
  printf '{ "private": true }\n' >"$installed/package.json"
  # Neither package is in a registry; the peers come from the tools' folder.
  npm --prefix "$installed" install --silent --no-audit --no-fund --legacy-peer-deps "$packed"/*.tgz
  local scope name
  for scope in "$package"/node_modules/*; do
    name=${scope##*/}
    if [[ ! -e $installed/node_modules/$name ]]; then ln -s "$scope" "$installed/node_modules/$name"; fi
  done
}
