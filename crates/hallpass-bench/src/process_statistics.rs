//! What the kernel says of processes under `/proc`: their processor time and their memory.

use std::fs;
use std::time::Duration;

use crate::failure::Failure;

/// The kernel's clock ticks: `USER_HZ`, which is 100 on every architecture that Rust runs on.
const TICKS_PER_SECOND: u64 = 100;

/// Returns the processor time that a process has used, all its threads together.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration, Failure> {
    let ticks = ticks_of(&read(&format!("/proc/{pid}/stat"))?, [UTIME, STIME])?;
    Ok(of_ticks(ticks))
}

/// Returns the processor time of the ended children of this process, and of theirs.
pub(crate) fn cpu_time_of_ended_children() -> Result<Duration, Failure> {
    Ok(of_ticks(ticks_of(&read("/proc/self/stat")?, [CUTIME, CSTIME])?))
}

/// Returns the processor time of the running processes that are called `name`.
pub(crate) fn cpu_time_of_all(name: &str) -> Result<Duration, Failure> {
    let folder = fs::read_dir("/proc").map_err(Failure::io("reading /proc"))?;
    let pids = folder.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let named = pids.filter(|pid: &u32| {
        fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name)
    });
    // One that has ended since it was listed has no time.
    Ok(named.filter_map(|pid| cpu_time(pid).ok()).sum())
}

/// Returns how long the processors had nothing to do since the machine started, all together.
pub(crate) fn idle_time() -> Result<Duration, Failure> {
    let statistics = read("/proc/stat")?;
    let cpu = statistics.lines().next().unwrap_or_default();
    let fields: Vec<&str> = cpu.split_whitespace().collect();
    // `cpu user nice system idle iowait …`
    let ticks = number("/proc/stat", fields.get(4))? + number("/proc/stat", fields.get(5))?;
    Ok(of_ticks(ticks))
}

/// Returns how much memory a process occupies (`VmRSS`).
pub(crate) fn resident_bytes(pid: u32) -> Result<u64, Failure> {
    resident_bytes_in(&read(&format!("/proc/{pid}/status"))?)
}

fn resident_bytes_in(status: &str) -> Result<u64, Failure> {
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = kibibytes.and_then(|rest| rest.split_whitespace().next());
    Ok(number("VmRSS in /proc/PID/status", kibibytes.as_ref())? * 1024)
}

// Places after the name of the program, which is in parentheses and may hold anything: proc(5)
// counts from 1 with the process id, so its field 14 is 11 here.
const UTIME: usize = 11;
const STIME: usize = 12;
const CUTIME: usize = 13;
const CSTIME: usize = 14;

fn ticks_of(stat: &str, places: [usize; 2]) -> Result<u64, Failure> {
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let [first, second] = places.map(|place| number("/proc/PID/stat", fields.get(place)));
    Ok(first? + second?)
}

fn number(what: &str, text: Option<&&str>) -> Result<u64, Failure> {
    let text = *text.unwrap_or(&"");
    text.parse()
        .ok()
        .ok_or_else(|| Failure::NotANumber { what: what.to_owned(), text: text.to_owned() })
}

fn of_ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

fn read(path: &str) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(Failure::io(format!("reading {path}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_a_name_with_spaces_and_parentheses() {
        let stat = "42 (a ) b (c) S 1 42 42 0 -1 4194560 9 8 7 6 150 25 300 40 20 0 1 0 77 88 99";
        assert_eq!(ticks_of(stat, [UTIME, STIME]).unwrap(), 175);
        assert_eq!(ticks_of(stat, [CUTIME, CSTIME]).unwrap(), 340);
        assert!(ticks_of("42 (a", [UTIME, STIME]).is_err());
    }

    #[test]
    fn resident_memory_is_in_bytes() {
        let status = "Name:\thallpass\nVmPeak:\t  9999 kB\nVmRSS:\t   12345 kB\nThreads:\t4\n";
        assert_eq!(resident_bytes_in(status).unwrap(), 12345 * 1024);
        assert!(resident_bytes_in("Name:\tkthreadd\n").is_err());
    }

    #[test]
    fn this_very_process_has_numbers() {
        let pid = std::process::id();
        assert!(resident_bytes(pid).unwrap() > 100_000);
        assert!(cpu_time(pid).unwrap() < Duration::from_secs(3600));
        assert!(idle_time().unwrap() > Duration::ZERO);
    }
}
