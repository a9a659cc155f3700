//! Floats as .NET reads and writes them.

use proptest::prelude::*;

use super::{PROTOCOLS, read, write};
use crate::contract::value::HubProtocol::Json;

#[test]
fn a_float_is_the_nearest_to_its_text() {
    for text in [
        "0.1",
        "122.416294033786585",
        "31.245270191439438",
        "9007199254740993",
        "5e-324",
        "2.2250738585072011e-308",
        "1.7976931348623157e308",
        "1e-400",
    ] {
        let nearest: f64 = text.parse().expect("a number");
        assert_eq!(read(Json, text.as_bytes()).map(f64::to_bits), Ok(nearest.to_bits()), "{text}");
        let nearest: f32 = text.parse().expect("a number");
        let single = read(Json, text.as_bytes()).ok().map(f32::to_bits);
        assert_eq!(single, nearest.is_finite().then(|| nearest.to_bits()), "{text}");
    }
    assert!(read::<f64>(Json, b"1e309").is_err());
}

proptest! {
    #[test]
    fn floats_survive_both_protocols(double in any::<f64>(), single in any::<f32>()) {
        for format in PROTOCOLS {
            prop_assert_eq!(read::<f64>(format, &write(format, &double)).map(f64::to_bits), Ok(double.to_bits()));
            prop_assert_eq!(read::<f32>(format, &write(format, &single)).map(f32::to_bits), Ok(single.to_bits()));
        }
    }
}
