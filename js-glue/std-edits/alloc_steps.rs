/// What dlmalloc gets its memory from: as it has it itself for this target, but in steps that grow with the memory.
///
/// Each growth interrupts all other threads, in V8 for microseconds each, and may be the one of which a thread hears too late (see
/// `js-glue/src/stale_size.rs`). What is not touched yet takes no room, so a step may be an eighth of what there is.
struct Steps;

impl Steps {
    const PAGE: usize = 64 * 1024;
    /// Fewest and most pages of a step: 1 MiB and 64 MiB.
    const PAGES: (usize, usize) = (16, 1024);

    /// Grows by a step, or by as much as is asked for if that is more or no more is there. Gives the first new page and their number.
    fn grow(asked: usize) -> Option<(usize, usize)> {
        use core::arch::wasm32::{memory_grow, memory_size};
        let step = if cfg!(target_feature = "atomics") { (memory_size::<0>() / 8).clamp(Self::PAGES.0, Self::PAGES.1) } else { 0 };
        let grown = |pages| match memory_grow::<0>(pages) {
            usize::MAX => None,
            first => Some((first, pages)),
        };
        if step > asked { grown(step).or_else(|| grown(asked)) } else { grown(asked) }
    }
}

// SAFETY: what is given comes from `memory.grow`, and so is nobody else's.
unsafe impl dlmalloc::Allocator for Steps {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let Some((first, pages)) = Self::grow(size.div_ceil(Self::PAGE)) else { return (crate::ptr::null_mut(), 0, 0) };
        let size = pages.wrapping_mul(Self::PAGE);
        let begin = first * Self::PAGE;
        // A pointer behind the last byte of the address space would be 0: its last bytes are not given out.
        let size = if begin.wrapping_add(size) == 0 { size.wrapping_sub(16) } else { size };
        (crate::ptr::with_exposed_provenance_mut(begin), size, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        crate::ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        Self::PAGE
    }
}

