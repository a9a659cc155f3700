//! Keys that clients choose meet a hash that they cannot foresee.

#[test]
fn every_map_is_keyed_at_random() {
    // The maps of the standard library are keyed at random as long as nobody gives them another hasher.
    let predictable = [
        "BuildHasherDefault",
        "DefaultHasher::new",
        "with_hasher",
        "with_capacity_and_hasher",
        "FxHash",
        "FnvHash",
        "ahash",
        "hashbrown",
        "indexmap",
    ];
    for (path, text) in super::sources() {
        for name in predictable {
            assert!(!text.contains(name), "{path} uses {name}");
        }
    }
}
