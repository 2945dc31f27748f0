//! std's allocator, and what its owners see of each piece.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    slice,
};

use offmain_pool::JobContext;
use offmain_tests_contract::Pieces;

/// A piece of memory all of whose bytes have one value.
struct Piece {
    begin: *mut u8,
    layout: Layout,
    value: u8,
}

impl Piece {
    fn new(size: usize, align: usize, value: u8) -> Result<Self, String> {
        let layout = Layout::from_size_align(size, align).map_err(|error| error.to_string())?;
        // SAFETY: the size is not 0.
        let begin = unsafe { System.alloc_zeroed(layout) };
        let mut piece = Self { begin, layout, value: 0 };
        piece.check()?;
        piece.fill(value);
        Ok(piece)
    }

    /// Resizes it.
    fn resize(&mut self, size: usize) -> Result<(), String> {
        let (kept, value) = (self.layout.size().min(size), self.value);
        // SAFETY: it is a piece of `System`, of this layout, and the size is not 0.
        self.begin = unsafe { System.realloc(self.begin, self.layout, size) };
        self.layout = Layout::from_size_align(kept, self.layout.align()).map_err(|error| error.to_string())?;
        self.check()?;
        self.layout = Layout::from_size_align(size, self.layout.align()).map_err(|error| error.to_string())?;
        self.fill(value);
        Ok(())
    }

    fn give_back(self) -> Result<(), String> {
        self.check()?;
        // SAFETY: it is a piece of `System`, of this layout, and forgotten here.
        unsafe { System.dealloc(self.begin, self.layout) };
        Ok(())
    }

    fn fill(&mut self, value: u8) {
        self.value = value;
        // SAFETY: it is this large, and nobody else's.
        unsafe { self.begin.write_bytes(value, self.layout.size()) };
    }

    fn check(&self) -> Result<(), String> {
        let Self { begin, layout, value } = self;
        if begin.is_null() || !begin.addr().is_multiple_of(layout.align()) {
            return Err(format!("{layout:?} is at {begin:?}"));
        }
        // SAFETY: it is this large, nobody else's, and has been written.
        let bytes = unsafe { slice::from_raw_parts(*begin, layout.size()) };
        match bytes.iter().position(|byte| byte != value) {
            Some(at) => Err(format!("{layout:?} at {begin:?} has {} at {at} instead of {value}", bytes[at])),
            None => Ok(()),
        }
    }
}

pub fn pieces(job: Pieces, _: &JobContext<Pieces>) -> Result<u32, String> {
    let mut held: [Option<Piece>; 32] = [const { None }; 32];
    // xorshift32, by Marsaglia.
    let mut random = 0x9e37_79b9_u32;
    for step in 1..=job.steps {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let size = 1 + (random >> 9) as usize % if step % 50 == 0 { 300_000 } else { 3000 };
        let slot = &mut held[random as usize % 32];
        *slot = match slot.take() {
            None => Some(Piece::new(size, 1 << (random >> 5 & 7), step as u8 | 1)?),
            Some(mut piece) if step % 3 == 0 => {
                piece.resize(size)?;
                Some(piece)
            }
            Some(piece) => {
                piece.give_back()?;
                None
            }
        };
    }
    held.into_iter().flatten().try_for_each(Piece::give_back)?;
    Ok(job.steps)
}
