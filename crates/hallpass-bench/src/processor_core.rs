//! Processor cores, and programs that have to stay on one.

use std::process::Command;
use std::thread;

/// A core by its number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Core(u32);

impl Core {
    /// Where the server is that a section pins.
    pub(crate) const OF_SERVER: Self = Self(0);
    /// Where its load comes from.
    pub(crate) const OF_LOAD: Self = Self(1);

    /// Returns how many there are.
    pub(crate) fn count() -> usize {
        thread::available_parallelism().map_or(1, usize::from)
    }

    /// Returns the command of these words, which stays on `core` if there is one.
    pub(crate) fn command(core: Option<Self>, words: &[String]) -> Command {
        let pinned = core.map(|Self(number)| {
            // taskset becomes the program: the process id is the same.
            let words = [&["taskset".to_owned(), "-c".to_owned(), number.to_string()], words];
            words.concat()
        });
        let words = pinned.as_deref().unwrap_or(words);
        let (program, arguments) = words.split_first().expect("a command has a program");
        let mut command = Command::new(program);
        command.args(arguments);
        command
    }
}
