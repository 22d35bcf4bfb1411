//! Calendar dates to seconds since the epoch, proleptic Gregorian, UTC. Enough for keys; no time zones.

const DAY_S: i64 = 86_400;

/// The first second after the day `YYYYMMDD`: a key is valid through the end of its day.
pub(super) fn end_of_day(yyyymmdd: &str) -> Option<i64> {
    if yyyymmdd.len() != 8 || !yyyymmdd.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = |range| yyyymmdd.get(range).and_then(|digits: &str| digits.parse::<i64>().ok());
    Some((days(part(0..4)?, part(4..6)?, part(6..8)?)? + 1) * DAY_S)
}

/// A time in the forms that ISO 8601 libraries write: `2027-01-31`, valid through its end, or
/// `2027-01-31T12:00:00`, with a fraction, `Z` or an offset if any, else UTC. A fraction is cut off.
pub(super) fn instant(text: &str) -> Option<i64> {
    let (date, time) = match text.split_at_checked(10)? {
        (date, "") => (date, None),
        (date, time) => (date, Some(time.strip_prefix(['T', ' '])?)),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let days = days(year, month, day)?;
    let Some(time) = time else { return Some((days + 1) * DAY_S) };

    let (clock, rest) = time.split_at_checked(8)?;
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return None;
            }
            zone
        }
        None => rest,
    };
    Some(days * DAY_S + hour * 3_600 + minute * 60 + second - offset(zone)?)
}

fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "" | "Z") {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, zone.strip_prefix('-')?),
    };
    let [hours, minutes] = numbers(rest, ':', [2, 2])?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Exactly `N` groups of so many digits.
fn numbers<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut groups = text.split(separator);
    for (number, width) in numbers.iter_mut().zip(widths) {
        let group = groups.next()?;
        if group.len() != width || !group.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        *number = group.parse().ok()?;
    }
    groups.next().is_none().then_some(numbers)
}

/// Days from 1970-01-01 to a date that exists, years 1 to 9999.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = |month| match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || !(1..=length(month)).contains(&day)
    {
        return None;
    }
    let before = year - 1;
    let leap_days = before / 4 - before / 100 + before / 400;
    let this_year: i64 = (1..month).map(length).sum();
    // 719,162 days lie before 1970-01-01.
    Some(before * 365 + leap_days + this_year + day - 1 - 719_162)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_valid_through_its_end_and_must_exist() {
        assert_eq!(end_of_day("19691231"), Some(0));
        assert_eq!(end_of_day("20251217"), Some(1_766_016_000));
        assert_eq!(end_of_day("20240229"), Some(1_709_251_200));
        assert_eq!(end_of_day("20000229"), Some(951_868_800));
        for wrong in [
            "20250230",
            "20250229",
            "19000229",
            "20251301",
            "20250100",
            "20250001",
            "00000101",
            "2025121",
            "202512170",
            "2025-1-1",
            "+2025121",
            "２０２５",
        ] {
            assert_eq!(end_of_day(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_day_of_the_calendar_follows_the_one_before() {
        let mut expected = days(1, 1, 1).unwrap();
        for year in 1..=9999 {
            for month in 1..=12 {
                for day in (1..=31).filter_map(|day| days(year, month, day)) {
                    assert_eq!(day, expected);
                    expected += 1;
                }
            }
        }
        assert_eq!(days(1970, 1, 1), Some(0));
    }

    #[test]
    fn times_as_libraries_write_them() {
        for text in [
            "2027-01-31T12:00:00",
            "2027-01-31T12:00:00Z",
            "2027-01-31 12:00:00.123456",
            "2027-01-31T14:00:00+02:00",
            "2027-01-31T06:30:00.5-05:30",
        ] {
            assert_eq!(instant(text), Some(1_801_396_800), "{text}");
        }
        assert_eq!(instant("2027-01-31"), Some(1_801_440_000));
        for wrong in [
            "",
            "2027",
            "2027-02-30",
            "2027-01-31T",
            "2027-01-31T24:00:00",
            "2027-01-31T12:00",
            "2027-01-31T12:00:00.",
            "2027-01-31T12:00:00+2",
            "2027-01-31T12:00:00Zulu",
            "é027-01-31",
        ] {
            assert_eq!(instant(wrong), None, "{wrong}");
        }
    }
}
