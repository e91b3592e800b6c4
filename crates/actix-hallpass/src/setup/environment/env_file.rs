//! `.env`: found, read and parsed, with the numbers of the lines that can't be read.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use crate::setup::environment::file_problem::FileProblem;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const UTF_16_MARKS: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];

/// What `.env` sets, and what of it can't be read.
#[derive(Default)]
pub(crate) struct EnvFile {
    entries: HashMap<String, Entry>,
    problems: Vec<FileProblem>,
}

enum Entry {
    Text(String),
    /// Its name stands on a line that can't be read.
    Unreadable(FileProblem),
}

impl EnvFile {
    /// Reads `.env` in the working directory or the nearest folder above it that has one.
    pub(crate) fn load() -> Self {
        match std::env::current_dir() {
            Ok(folder) => Self::nearest_to(&folder),
            Err(error) => {
                let mut file = Self::default();
                file.note(Path::new(".env"), format!("the working directory: {error}"));
                file
            }
        }
    }

    /// A file that can't be looked at ends the search: one further up is meant for others.
    fn nearest_to(folder: &Path) -> Self {
        let mut file = Self::default();
        for folder in folder.ancestors() {
            let path = folder.join(".env");
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => {
                    file.read(&path);
                    break;
                }
                // As dotenvy does: Python's virtual environments are folders of that name.
                Ok(_) => file.note(&path, "it is not a file"),
                Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {}
                Err(error) => {
                    file.note(&path, error);
                    break;
                }
            }
        }
        file
    }

    /// Returns the text of `variable`, or what is wrong with the line that its name stands on.
    pub(crate) fn text(&self, variable: &str) -> Result<Option<&str>, &FileProblem> {
        match self.entries.get(variable) {
            None => Ok(None),
            Some(Entry::Text(text)) => Ok(Some(text)),
            Some(Entry::Unreadable(problem)) => Err(problem),
        }
    }

    pub(crate) fn problems(&self) -> &[FileProblem] {
        &self.problems
    }

    fn read(&mut self, path: &Path) {
        match fs::read(path) {
            Ok(content) if UTF_16_MARKS.iter().any(|mark| content.starts_with(mark)) => {
                self.note(path, "it is not in UTF-8 but in UTF-16");
            }
            Ok(content) => self.parse(path, &content),
            Err(error) => self.note(path, error),
        }
    }

    /// Takes what dotenvy reads, and notes the lines that it can't.
    fn parse(&mut self, path: &Path, content: &[u8]) {
        let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
        // Without a line break at its end, dotenvy can't read a last line that ends in a space.
        let content = [content, b"\n"].concat();
        let lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
        let read = Cell::new(0);
        let mut done = 0;
        for entry in dotenvy::from_read_iter(LineByLine { lines: &lines, line: &[], read: &read }) {
            let span = without_comments(&lines, done..read.get());
            done = span.end;
            match entry {
                Ok((name, text)) => {
                    self.entries.insert(name, Entry::Text(text));
                    self.note_swallowed(path, &lines, span);
                }
                Err(error) => self.note_unreadable(path, &lines, span, reason(&error)),
            }
        }
    }

    /// Notes what looks like a setting in the further lines of a value in quotes: an apostrophe may have
    /// been taken for a quote, and a setting must not be passed over in silence.
    fn note_swallowed(&mut self, path: &Path, lines: &[&[u8]], span: Range<usize>) {
        let is_setting =
            |line: &usize| lines[*line].contains(&b'=') && !is_passed_over(lines[*line]);
        for line in span.clone().skip(1).filter(is_setting) {
            let problem = FileProblem::of_line_within(path, line, span.start);
            for name in names_on(lines[line]) {
                self.entries.entry(name).or_insert(Entry::Unreadable(problem.clone()));
            }
        }
    }

    /// Notes lines that can't be read, with the names of what they may set.
    fn note_unreadable(&mut self, path: &Path, lines: &[&[u8]], span: Range<usize>, reason: &str) {
        for line in span.clone().filter(|line| !is_passed_over(lines[*line])) {
            let problem = if line == span.start {
                let problem = FileProblem::of_line(path, line, reason);
                self.problems.push(problem.clone());
                problem
            } else {
                FileProblem::of_line_within(path, line, span.start)
            };
            let entries =
                names_on(lines[line]).map(|name| (name, Entry::Unreadable(problem.clone())));
            self.entries.extend(entries);
        }
    }

    fn note(&mut self, path: &Path, reason: impl ToString) {
        self.problems.push(FileProblem::of_file(path, reason.to_string()));
    }
}

/// Says why dotenvy can't read a line. Its own message quotes the line.
#[expect(clippy::wildcard_enum_match_arm, reason = "dotenvy adds kinds of errors")]
fn reason(error: &dotenvy::Error) -> &'static str {
    match error {
        dotenvy::Error::Io(_) => "it is not UTF-8",
        _ => "put a value with a space or a quote in it between quotes, and close them",
    }
}

/// Leaves out the blank lines and comments at the beginning of `span`.
fn without_comments(lines: &[&[u8]], span: Range<usize>) -> Range<usize> {
    let passed_over = span.clone().take_while(|line| is_passed_over(lines[*line])).count();
    span.start + passed_over..span.end
}

/// Returns whether the line is blank or a comment, which dotenvy passes over.
fn is_passed_over(line: &[u8]) -> bool {
    let line = String::from_utf8_lossy(line);
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// Returns the names that a line sets by its looks: its first word, and the last one before its `=`. So a
/// name is found behind `export` or `set`, and where `:` or a space stands for the `=`.
fn names_on(line: &[u8]) -> impl Iterator<Item = String> {
    let line = String::from_utf8_lossy(line);
    let before = line.split('=').next().unwrap_or_default();
    let is_between = |it: char| !it.is_ascii_alphanumeric() && it != '_';
    let is_name = |word: &&str| !word.is_empty() && !["export", "set"].contains(word);
    let mut words = before.split(is_between).filter(is_name).map(str::to_owned);
    let first = words.next();
    first.into_iter().chain(words.next_back())
}

/// Hands the lines out one by one and counts them: then no more have been read than dotenvy has
/// parsed, since its buffer asks for more only when it is empty.
struct LineByLine<'a> {
    lines: &'a [&'a [u8]],
    line: &'a [u8],
    read: &'a Cell<usize>,
}

impl Read for LineByLine<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.line.is_empty()
            && let Some(line) = self.lines.get(self.read.get())
        {
            self.line = line;
            self.read.set(self.read.get() + 1);
        }
        self.line.read(buffer)
    }
}

impl fmt::Debug for EnvFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The other names may be pieces of a value.
        let texts = self.entries.iter().filter(|(_, entry)| matches!(entry, Entry::Text(_)));
        formatter.debug_list().entries(texts.map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/srv/app/.env";

    fn parsed(content: impl AsRef<[u8]>) -> EnvFile {
        let mut file = EnvFile::default();
        file.parse(Path::new(PATH), content.as_ref());
        file
    }

    /// Returns the text of `X`, or the line and the reason why there is none.
    fn x_in(file: &EnvFile) -> String {
        let text = file.text("X").map(|text| text.unwrap_or("unset").to_owned());
        text.unwrap_or_else(|problem| problem.to_string().replace(PATH, "it"))
    }

    #[test]
    fn an_unreadable_line_has_its_number_and_makes_the_setting_on_it_unreadable() {
        const QUOTES: &str = "can't be read: put a value with a space or a quote in it between quotes, and close them";
        for (content, x, lines) in [
            ("X=a", "a", &[][..]),
            ("\u{feff}X=a\r\nY=b\r\n", "a", &[]),
            ("X=a ", "a", &[]),
            ("X='a\nb'\n", "a\nb", &[]),
            ("X=a\nX=b\n", "b", &[]),
            ("X=", "", &[]),
            ("#X=a b\n", "unset", &[]),
            ("# one\n\n  # three\nY=a b\nX=a\nZ\n", "a", &[4, 6]),
            ("Y='\n\n'\n\nZ=a b\nX=a", "a", &[5]),
            ("Y=a b", "unset", &[1]),
            ("Y=X b", "unset", &[1]),
            ("Y=b X=a", "unset", &[1]),
            ("Y=b\n\nX=a b", "line 3 of it Q", &[3]),
            ("X=a\nX=a b", "line 2 of it Q", &[2]),
            ("X=a b\nX=a", "a", &[1]),
            ("export X=a b", "line 1 of it Q", &[1]),
            ("set X=a", "line 1 of it Q", &[1]),
            ("$env:X = 'a'", "line 1 of it Q", &[1]),
            ("- X=a", "line 1 of it Q", &[1]),
            ("\"X\"=a", "line 1 of it Q", &[1]),
            ("Y=a\n\u{feff}X=a", "line 2 of it Q", &[2]),
            ("X a", "line 1 of it Q", &[1]),
            ("X: a=b", "line 1 of it Q", &[1]),
            ("export X a", "line 1 of it Q", &[1]),
            ("X=\"a\\q\"", "line 1 of it Q", &[1]),
            ("X=${a", "line 1 of it Q", &[1]),
            ("X='a\nY=b", "line 1 of it Q", &[1]),
            (
                "Y='a\n#\nX=b",
                "line 3 of it can't be read: a quote that is opened on line 1 is still open",
                &[1],
            ),
            ("X=a\nY='a\n# X=b\n", "a", &[2]),
            (
                "Y=O'A\nX=b\nZ=O'B",
                "line 2 of it can't be read: a quote that is opened on line 1 is still open",
                &[],
            ),
            ("X=a\nY='\nX=b\n'", "a", &[]),
            ("Y='\nX=b\n'\nX=a", "a", &[]),
            ("Y='\n# X=b\n{\"X\": 1}\n'", "unset", &[]),
        ] {
            let file = parsed(content);
            assert_eq!(x_in(&file), x.replace('Q', QUOTES), "{content:?}");
            let numbered = lines.iter().map(|line| format!("line {line} of {PATH} {QUOTES}"));
            let problems: Vec<_> = file.problems().iter().map(ToString::to_string).collect();
            assert_eq!(problems, numbered.collect::<Vec<_>>(), "{content:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_make_their_own_line_unreadable_and_are_nothing_in_a_comment() {
        let file = parsed(b"# Jos\xe9\nY=Jos\xe9\nX=a\n# Jos\xe9\n");
        assert_eq!(x_in(&file), "a");
        let problems: Vec<_> = file.problems().iter().map(ToString::to_string).collect();
        assert_eq!(problems, [format!("line 2 of {PATH} can't be read: it is not UTF-8")]);
        assert_eq!(x_in(&parsed(b"X=\xe9")), "line 1 of it can't be read: it is not UTF-8");
    }

    #[test]
    fn lines_are_counted_however_long_they_are() {
        let long = "x".repeat(100_000);
        let content = format!("{}A={long}\n\nB={long}\nY=a b\nX={long}", "#\n".repeat(10_000));
        let file = parsed(content);
        assert_eq!(file.text("X").unwrap(), Some(&*long));
        assert!(file.problems()[0].to_string().starts_with("line 10004 of "));
    }

    #[test]
    fn debug_shows_the_names_that_have_a_text_alone() {
        assert_eq!(format!("{:?}", parsed("X=s3cret\ns3cret\nY=a s3cret")), "[\"X\"]");
    }
}
