//! Text and numbers as they stand in a page, which is XML as well as HTML.

use std::fmt::Write;

/// Text, where it could be taken for markup.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            // Not allowed in XML, in whatever way it is written.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Rows of text as a table that can be moved sideways where it is too wide. Cells that are numbers by their first
/// character stand to the right.
pub(super) fn table(caption: &str, header: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = format!("<div class=\"wide\"><table><caption>{}</caption><thead><tr>", escape(caption));
    for cell in header {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(cell));
    }
    html += "</tr></thead><tbody>";
    for row in rows {
        html += "<tr>";
        for (column, cell) in row.iter().enumerate() {
            let is_number = cell.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '–'));
            let _ = match (column, is_number) {
                (0, _) => write!(html, "<th scope=\"row\">{}</th>", escape(cell)),
                (_, true) => write!(html, "<td class=\"n\">{}</td>", escape(cell)),
                (_, false) => write!(html, "<td>{}</td>", escape(cell)),
            };
        }
        html += "</tr>";
    }
    html + "</tbody></table></div>\n"
}

/// A count, its thousands apart.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Commands a second.
pub(super) fn rate(per_s: f64) -> String {
    if per_s >= 100.0 { count(per_s.round() as u64) } else { format!("{per_s:.1}") }
}

/// Microseconds in milliseconds, with three digits or more.
pub(super) fn millis(us: u64) -> String {
    let ms = us as f64 / 1e3;
    match ms {
        1_000.0.. => count(ms.round() as u64),
        100.0.. => format!("{ms:.0}"),
        10.0.. => format!("{ms:.1}"),
        _ => format!("{ms:.2}"),
    }
}

/// What stands where there is nothing to tell.
pub(super) const NONE: &str = "–";

/// A moment, from the seconds since 1970, in UTC.
pub(super) fn moment(unix_s: u64) -> String {
    let (days, rest) = (unix_s / 86_400, unix_s % 86_400);
    // Years of 400 and of 1 that begin in March, so that the day of a leap year is the last.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", rest / 3_600, rest / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_moments_are_told_shortly() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.04, 99.94, 123.6, 12_345.4].map(rate), ["0.0", "99.9", "124", "12,345"]);
        let told = [0, 1_234, 12_345, 123_456, 12_345_678].map(millis);
        assert_eq!(told, ["0.00", "1.23", "12.3", "123", "12,346"]);
        assert_eq!(moment(0), "1970-01-01 00:00 UTC");
        assert_eq!(moment(951_782_340), "2000-02-28 23:59 UTC");
        assert_eq!(moment(951_782_400 + 86_399), "2000-02-29 23:59 UTC");
        assert_eq!(moment(1_709_251_200), "2024-03-01 00:00 UTC");
        assert_eq!(moment(4_102_444_799), "2099-12-31 23:59 UTC");
    }

    #[test]
    fn what_could_be_markup_is_none() {
        assert_eq!(escape("a<b> & \"c\"\u{1b}[0m"), "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}[0m");
    }
}
