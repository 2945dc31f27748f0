//! The film: a lake at dusk, seen from a train that goes in a circle. It is drawn where another film would be decoded.

use std::f32::consts::TAU;

use chunk_cache_contract::{FRAMES, HEIGHT, WIDTH};

type Colour = [f32; 3];

/// Where the water begins.
const SHORE: u32 = HEIGHT * 2 / 3;
const SUN_RADIUS: f32 = 150.0;

const ZENITH: Colour = [28.0, 22.0, 66.0];
const HORIZON: Colour = [255.0, 158.0, 88.0];
const SUN: Colour = [255.0, 236.0, 196.0];

/// Hills, the farthest first.
const HILLS: [Hill; 4] = [
    Hill { crest: 0.47, height: 150.0, waves: 3.0, turns: 1.0, colour: [138.0, 92.0, 122.0] },
    Hill { crest: 0.53, height: 120.0, waves: 4.0, turns: 2.0, colour: [99.0, 66.0, 104.0] },
    Hill { crest: 0.59, height: 90.0, waves: 6.0, turns: 3.0, colour: [62.0, 44.0, 82.0] },
    Hill { crest: 0.64, height: 60.0, waves: 9.0, turns: 5.0, colour: [30.0, 24.0, 54.0] },
];

struct Hill {
    /// How far down, as a part of the picture.
    crest: f32,
    height: f32,
    /// Waves in the width of the picture.
    waves: f32,
    /// How often it passes in one round of the film: a whole number, so that the end meets the beginning.
    turns: f32,
    colour: Colour,
}

/// Draws a frame: RGBA, row by row.
pub(crate) fn decode(number: u32) -> Vec<u8> {
    let time = TAU * number as f32 / FRAMES as f32;
    let crests = HILLS.map(|hill| (0..WIDTH).map(|x| hill.crest_at(x, time)).collect::<Vec<_>>());
    let sun = [WIDTH as f32 * (0.5 + 0.22 * time.cos()), HEIGHT as f32 * (0.33 + 0.09 * time.sin())];
    let row = 4 * WIDTH as usize;
    let mut pixels = vec![0; row * HEIGHT as usize];
    for (y, row) in pixels.chunks_exact_mut(row).enumerate().take(SHORE as usize) {
        draw_air(row, y as u32, sun, &crests);
    }
    let (air, water) = pixels.split_at_mut(row * SHORE as usize);
    for (depth, row) in water.chunks_exact_mut(row).enumerate() {
        reflect(row, depth as u32, air, time);
    }
    pixels
}

fn draw_air(row: &mut [u8], y: u32, sun: [f32; 2], crests: &[Vec<u32>; 4]) {
    let height = y as f32 / SHORE as f32;
    let sky = mix(ZENITH, HORIZON, height * height);
    let below = y as f32 - sun[1];
    for (x, pixel) in row.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        let hill = HILLS.iter().zip(crests).rev().find(|(_, crests)| y >= crests[x]);
        *pixel = rgba(match hill {
            Some((hill, crests)) => mix(hill.colour, HORIZON, 0.3 - ((y - crests[x]) as f32 / 600.0).min(0.3)),
            None => {
                let aside = x as f32 - sun[0];
                let far = (aside * aside + below * below) / (SUN_RADIUS * SUN_RADIUS);
                if far < 1.0 { SUN } else { mix(sky, SUN, (0.75 / far).min(0.75)) }
            }
        });
    }
}

/// The water shows what is above it, darker, and moved to and fro by waves that are longer the nearer they are.
fn reflect(row: &mut [u8], depth: u32, air: &[u8], time: f32) {
    let near = depth as f32 / (HEIGHT - SHORE) as f32;
    let wave = (depth as f32 / (2.0 + 14.0 * near) + 6.0 * time).sin() * (1.0 + 26.0 * near);
    let mirrored = (SHORE as f32 - 1.0 - 1.6 * depth as f32 + wave).clamp(0.0, SHORE as f32 - 1.0) as usize;
    let source = &air[mirrored * row.len()..][..row.len()];
    let light = 0.82 - 0.42 * near;
    for (pixel, above) in row.as_chunks_mut::<4>().0.iter_mut().zip(source.as_chunks::<4>().0) {
        *pixel = rgba([f32::from(above[0]) * light, f32::from(above[1]) * light, f32::from(above[2]) * light + 14.0]);
    }
}

impl Hill {
    fn crest_at(&self, x: u32, time: f32) -> u32 {
        let phase = TAU * self.waves * x as f32 / WIDTH as f32 + self.turns * time;
        let shape = 0.6 * phase.sin() + 0.28 * (2.0 * phase + 1.3).sin() + 0.12 * (5.0 * phase + 0.4).sin();
        (self.crest * HEIGHT as f32 - self.height * shape) as u32
    }
}

fn mix(from: Colour, to: Colour, part: f32) -> Colour {
    [0, 1, 2].map(|i| from[i] + (to[i] - from[i]) * part)
}

fn rgba(colour: Colour) -> [u8; 4] {
    [colour[0] as u8, colour[1] as u8, colour[2] as u8, 255]
}
