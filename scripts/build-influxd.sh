#!/usr/bin/env bash
# Builds InfluxDB 2 from its Go module, without its user interface, for `npm run test:integration`: tests find it in
# ~/.cache/stampede. Needs Go 1.23, Cargo, gcc and pkg-config; takes ten minutes on two cores.
#
# `go install` alone refuses: InfluxDB's go.mod has replacements, and Flux is half in Rust.
set -euo pipefail

version=${INFLUXD_VERSION:-v2.7.12}
target=${1:-$HOME/.cache/stampede/influxd-${version#v}}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GOPATH=$work/go GOCACHE=$work/cache GOFLAGS='-modcacherw -buildvcs=false'
# Flux pins an old Rust; any newer one will do.
if command -v rustup > /dev/null; then RUSTUP_TOOLCHAIN=$(rustup show active-toolchain | cut -d' ' -f1); export RUSTUP_TOOLCHAIN; fi

mkdir "$work/bin"
cd "$work"
module=$(go mod download -json "github.com/influxdata/influxdb/v2@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
cp -r "$module" source
chmod -R u+w source
cd source
# A newer Rust warns of more, and Flux forbids warnings.
go mod download github.com/influxdata/flux
flux=$(go list -m -f '{{.Dir}}' github.com/influxdata/flux)
sed -i 's/deny(warnings, missing_docs)/warn(missing_docs)/' "$flux"/libflux/{flux,flux-core}/src/lib.rs
# Stands in for pkg-config, and also builds Flux's Rust half.
go build -o "$work/bin/pkg-config" github.com/influxdata/pkg-config
PKG_CONFIG=$work/bin/pkg-config go build -tags sqlite_foreign_keys,sqlite_json -o "$work/bin/influxd" ./cmd/influxd

mkdir -p "$(dirname "$target")"
cp "$work/bin/influxd" "$target"
"$target" version
