/// dlmalloc, but for memory aligned to 16 bytes, such as every thread's stack.
///
/// dlmalloc itself aligns to 8. For more it looks for a place that is larger than what is asked for, and gives back what it does not
/// need; so it never takes a place that another piece of the same size has left, and the memory grows with each such piece that comes
/// and goes. Here a piece is larger by 16 bytes, always, and the word before what its owner sees says how far that is from its begin.
struct Reusing(dlmalloc::Dlmalloc<Steps>);

impl Reusing {
    const ALIGN: usize = 16;
    /// What dlmalloc aligns to.
    const OWN: usize = 8;

    unsafe fn malloc(&mut self, size: usize, align: usize) -> *mut u8 {
        if align != Self::ALIGN {
            // SAFETY: as for this function.
            return unsafe { self.0.malloc(size, align) };
        }
        // SAFETY: the piece has room for `size` bytes from its first or second multiple of 16, and for a word before that.
        unsafe { Self::inside(self.0.malloc(size + Self::ALIGN, Self::OWN)) }
    }

    unsafe fn calloc(&mut self, size: usize, align: usize) -> *mut u8 {
        if align != Self::ALIGN {
            // SAFETY: as for this function.
            return unsafe { self.0.calloc(size, align) };
        }
        // SAFETY: as in `malloc`.
        unsafe { Self::inside(self.0.calloc(size + Self::ALIGN, Self::OWN)) }
    }

    unsafe fn free(&mut self, ptr: *mut u8, size: usize, align: usize) {
        if align != Self::ALIGN {
            // SAFETY: as for this function.
            return unsafe { self.0.free(ptr, size, align) };
        }
        // SAFETY: `inside` has written the word.
        unsafe {
            let begin = ptr.sub(*ptr.cast::<usize>().sub(1));
            self.0.free(begin, size + Self::ALIGN, Self::OWN);
        }
    }

    unsafe fn realloc(&mut self, ptr: *mut u8, size: usize, align: usize, new_size: usize) -> *mut u8 {
        if align != Self::ALIGN {
            // SAFETY: as for this function.
            return unsafe { self.0.realloc(ptr, size, align, new_size) };
        }
        // SAFETY: as for this function; dlmalloc does the same for all that it does not align itself.
        unsafe {
            let new = self.malloc(new_size, align);
            if !new.is_null() {
                new.copy_from_nonoverlapping(ptr, if size < new_size { size } else { new_size });
                self.free(ptr, size, align);
            }
            new
        }
    }

    /// What the owner of a piece sees of it.
    unsafe fn inside(begin: *mut u8) -> *mut u8 {
        if begin.is_null() {
            return begin;
        }
        let distance = Self::ALIGN - begin.addr() % Self::ALIGN;
        // SAFETY: it is 8 or 16.
        unsafe {
            let inside = begin.add(distance);
            inside.cast::<usize>().sub(1).write(distance);
            inside
        }
    }
}

struct SyncDlmalloc(Reusing);
