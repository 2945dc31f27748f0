//! The sample photographs, inside the test program: a browser has no files.
#![allow(dead_code, reason = "not every test program uses all of it")]

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
    let file: &[u8] = match name {
        "astronaut.png" => include_bytes!("../../../photos/astronaut.png"),
        "chelsea.png" => include_bytes!("../../../photos/chelsea.png"),
        "coffee.png" => include_bytes!("../../../photos/coffee.png"),
        "hubble_deep_field.jpg" => include_bytes!("../../../photos/hubble_deep_field.jpg"),
        "retina.jpg" => include_bytes!("../../../photos/retina.jpg"),
        "rocket.jpg" => include_bytes!("../../../photos/rocket.jpg"),
        "truncated.jpg" => include_bytes!("../../../photos/truncated.jpg"),
        name => panic!("{name} is no sample"),
    };
    file.to_vec()
}
