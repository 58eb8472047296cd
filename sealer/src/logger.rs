//! The log: one line an event, to a file or stderr. It also listens for the library's silent
//! fall-backs to the CPU.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::error::{Outcome, SealError};
use crate::gpu;
use crate::lock::guard;

struct Logger {
    /// None: stderr.
    file: Option<Mutex<File>>,
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if record.level() <= Level::Warn {
            gpu::note_log_line(&record.args().to_string());
        }
        if !self.enabled(record.metadata()) {
            return;
        }
        let line = format!(
            "{} {:5} {}: {}\n",
            timestamp(),
            record.level(),
            record.target(),
            record.args()
        );
        // A log that cannot be written must not stop a seal.
        let _ = match &self.file {
            Some(file) => guard(file).write_all(line.as_bytes()),
            None => io::stderr().lock().write_all(line.as_bytes()),
        };
    }

    fn flush(&self) {}
}

/// Starts logging at the level of `BEEPRO_SEALER_LOG` (default `info`).
pub fn start(path: Option<&Path>) -> Outcome<()> {
    let file = path
        .map(|path| {
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .map(Mutex::new)
                .map_err(|error| SealError::io(path, &error))
        })
        .transpose()?;
    let default = if file.is_some() {
        LevelFilter::Info
    } else {
        LevelFilter::Warn
    };
    let level = match std::env::var("BEEPRO_SEALER_LOG") {
        Ok(text) => text.parse().map_err(|_| {
            SealError::bad_request(format!(
                "BEEPRO_SEALER_LOG: expected error, warn, info, debug or trace, not {text:?}"
            ))
        })?,
        Err(_) => default,
    };
    log::set_max_level(level);
    if log::set_boxed_logger(Box::new(Logger { file })).is_ok() {
        let default_hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            log::error!("{info}");
            default_hook(info);
        }));
    }
    Ok(())
}

/// UTC, RFC 3339 with milliseconds.
fn timestamp() -> String {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = since.as_secs();
    let (year, month, day) = civil_date(seconds / 86_400);
    let rest = seconds % 86_400;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60,
        since.subsec_millis()
    )
}

/// Proleptic Gregorian date of a day since 1970 (Hinnant, *chrono-Compatible Low-Level Date
/// Algorithms*, civil_from_days).
fn civil_date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::civil_date;

    #[test]
    fn dates_are_right() {
        assert_eq!(civil_date(0), (1970, 1, 1));
        assert_eq!(civil_date(11_016), (2000, 2, 29));
        assert_eq!(civil_date(20_088), (2024, 12, 31));
        assert_eq!(civil_date(20_089), (2025, 1, 1));
    }
}
