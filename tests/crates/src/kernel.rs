//! Two kernels for rayon's global pool. The peer in `tests/peers` compiles this very file.

use rayon::prelude::*;

/// Steps of all points of the Mandelbrot set's picture, `size` by `size`, each until it escapes, 1000 at most.
pub fn mandelbrot(size: u32) -> u64 {
    steps(size, size, 1000)
}

/// The same of a picture of any size, each point until it escapes, `most` at most.
pub fn steps(width: u32, height: u32, most: u32) -> u64 {
    (0..height).into_par_iter().map(|y| row(y, width, height, most)).sum()
}

/// Those of one row.
pub fn row(y: u32, width: u32, height: u32, most: u32) -> u64 {
    (0..width).map(|x| u64::from(escape(at(x, width) - 0.5, at(y, height), most))).sum()
}

/// A pixel's place between -1.5 and 1.5.
fn at(pixel: u32, pixels: u32) -> f64 {
    f64::from(pixel) / f64::from(pixels) * 3.0 - 1.5
}

fn escape(re: f64, im: f64, most: u32) -> u32 {
    let (mut a, mut b, mut steps) = (0.0, 0.0, 0);
    while a * a + b * b <= 4.0 && steps < most {
        (a, b) = (a * a - b * b + re, 2.0 * a * b + im);
        steps += 1;
    }
    steps
}

/// Sorts `len` numbers that look random; gives the one in the middle.
pub fn sort(len: u32) -> u64 {
    // splitmix64, by Steele, Lea and Flood.
    let random = |i: u32| {
        let mut z = u64::from(i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut numbers: Vec<u64> = (0..len).into_par_iter().map(random).collect();
    numbers.par_sort_unstable();
    numbers[numbers.len() / 2]
}
