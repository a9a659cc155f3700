#!/usr/bin/env bash
# How long `cargo check` takes for one trait with many methods: with `#[hub]` and without.
#
#     tests/ui/many_methods.sh [METHODS]    # 300
set -euo pipefail

methods=${1:-300}
workspace=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$workspace/target/many-methods
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

write_trait() { # ATTRIBUTE
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
    echo '}'
}

check() { # the median of five runs, in milliseconds
    cargo check --quiet --manifest-path "$scratch/Cargo.toml" 2> "$scratch/log" || { cat "$scratch/log"; exit 1; }
    for _ in 1 2 3 4 5; do
        touch "$scratch/src/lib.rs"
        local start=$(date +%s%N)
        cargo check --quiet --manifest-path "$scratch/Cargo.toml" 2> /dev/null
        echo $((($(date +%s%N) - start) / 1000000))
    done | sort -n | sed -n 3p
}

write_trait '' > "$scratch/src/lib.rs"
plain=$(check)
write_trait '#[signalr_runtime::hub]' > "$scratch/src/lib.rs"
hub=$(check)
echo "$methods methods: cargo check takes $plain ms for the plain trait, $hub ms with #[hub]"
