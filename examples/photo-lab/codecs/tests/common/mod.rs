//! The sample photographs.
#![allow(dead_code, reason = "not every test file uses all of it")]

/// Every sample that is whole, with its size in pixels.
pub const SAMPLES: [(&str, u32, u32); 6] = [
    ("astronaut.png", 512, 512),
    ("chelsea.png", 451, 300),
    ("coffee.png", 600, 400),
    ("hubble_deep_field.jpg", 1000, 872),
    ("retina.jpg", 1411, 1411),
    ("rocket.jpg", 640, 427),
];

/// The bytes of a sample.
pub fn sample(name: &str) -> Vec<u8> {
    let path = format!("{}/../photos/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}
