//! What the browsers' tests look at, built while those that can do without it run.

use std::sync::OnceLock;

use cargo_offmain::Step;
use offmain_tests_site::Content;

use super::report::{Report, Verdict};

/// The builds that a run needs: one thread makes them, all may wait for them.
pub struct Builds {
    wanted: Vec<Content>,
    /// Whether it could be built.
    ended: [OnceLock<bool>; Content::ALL.len()],
}

impl Builds {
    /// Of all that is `wanted`, nothing is built yet.
    pub fn new(wanted: impl Fn(Content) -> bool) -> Self {
        Self { wanted: Content::ALL.into_iter().filter(|&content| wanted(content)).collect(), ended: Default::default() }
    }

    /// Builds one after the other, on a thread of its own.
    pub fn make(&self, report: &Report) {
        // Whatever happens here, nobody waits for ever.
        let _rest = EndAll(&self.ended);
        for &content in &self.wanted {
            let built = content.builds().iter().fold(true, |built, (name, build)| {
                built
                    & report.test_always("build", "wasm", &format!("{name} builds"), || {
                        let step = Step::begin(&format!("building {name}"));
                        build()?;
                        step.end();
                        Ok(Verdict::Passed)
                    })
            });
            let _ = self.ended[content as usize].set(built);
            if content == Content::Tests {
                // From here on, tests run beside it, and have the cores first.
                let _ = rustix::process::nice(10);
            }
        }
    }

    /// What is built, in its order, each as soon as it is. What could not be is left out, and was reported.
    pub fn each(&self) -> impl Iterator<Item = Content> {
        self.wanted.iter().copied().filter(|&content| *self.ended[content as usize].wait())
    }
}

/// Sets what is not set when it goes.
struct EndAll<'a>(&'a [OnceLock<bool>]);

impl Drop for EndAll<'_> {
    fn drop(&mut self) {
        for ended in self.0 {
            let _ = ended.set(false);
        }
    }
}
