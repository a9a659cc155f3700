#!/usr/bin/env bash
# How long `cargo check` takes for one trait with many methods, in seconds of the processor: with `#[hub]` and without,
# from nothing (the dependencies are there), and after one method more.
#
#     tests/ui/many_methods.sh [METHODS]    # 300
set -euo pipefail

methods=${1:-300}
runs=5
workspace=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$workspace/target/many-methods
export CARGO_TARGET_DIR=$scratch/target
mkdir -p "$scratch/src"

cat > "$scratch/Cargo.toml" <<TOML
[package]
name = "many-methods"
version = "0.0.0"
edition = "2024"

[dependencies]
serde = { version = "1", features = ["derive"] }
signalr-runtime = { path = "$workspace/signalr-runtime", default-features = false, features = ["macros", "json"] }

[workspace]
TOML
cp "$workspace/Cargo.lock" "$scratch/Cargo.lock"

write_trait() { # ATTRIBUTE MORE: the trait, with as many methods more
    {
        echo 'use signalr_runtime::{HubResult, Stream};'
        echo '#[derive(serde::Serialize, serde::Deserialize)] pub struct Message { pub from: String, pub text: String }'
        echo "$1"
        echo '#[allow(async_fn_in_trait)] pub trait Chat {'
        for ((n = 0; n < methods; n += 5)); do
            echo "async fn send_$n(&self, room: &str, text: String) -> HubResult;"
            echo "async fn join_$n(&self, room: &str, last: u32) -> HubResult<Vec<Message>>;"
            echo "fn ticks_$n(&self, every_ms: u64) -> impl Stream<Item = HubResult<Message>>;"
            echo "async fn upload_$n(&self, lines: impl Stream<Item = HubResult<String>>) -> HubResult<u64>;"
            echo "async fn merge_$n(&self, one: &Message, all: &[Message]) -> HubResult<Message>;"
        done
        for ((n = 0; n < $2; n++)); do
            echo "async fn more_$n(&self, room: &str) -> HubResult<u32>;"
        done
        echo '}'
    } > "$scratch/src/lib.rs"
}

check() { # the time of the processor for one check
    local TIMEFORMAT='%U %S'
    { time cargo check --offline --quiet --manifest-path "$scratch/Cargo.toml" 2> "$scratch/log"; } 2>&1 |
        awk '{ print $1 + $2 }'
    [[ ! -s $scratch/log ]] || { cat "$scratch/log" >&2; exit 1; }
}

median() { sort -n | sed -n $(((runs + 1) / 2))p; }

from_nothing() { # ATTRIBUTE
    write_trait "$1" 0
    for ((run = 0; run < runs; run++)); do
        rm -rf "$CARGO_TARGET_DIR"/debug/incremental/many_methods-*
        touch "$scratch/src/lib.rs"
        check
    done | median
}

one_more() { # ATTRIBUTE
    for ((run = 1; run <= runs; run++)); do
        write_trait "$1" "$run"
        check
    done | median
}

write_trait '' 0
check > /dev/null
for attribute in '' '#[signalr_runtime::hub]'; do
    echo "$methods methods, ${attribute:-the plain trait}: $(from_nothing "$attribute") s from nothing," \
        "$(one_more "$attribute") s after one method more"
done
