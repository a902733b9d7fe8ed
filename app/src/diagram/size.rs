//! Sizes as `docker images` prints them.

/// Decimal units and three significant digits: `7.83MB`, `187MB`, `1.02kB`. In whole numbers, because
/// the code that writes fractions is large and the browser would have to fetch it for this alone.
#[must_use]
pub fn human_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut scale: u64 = 1;
    let mut unit = 0;
    while bytes / scale >= 1000 && unit + 1 < UNITS.len() {
        scale *= 1000;
        unit += 1;
    }
    let whole = bytes / scale;
    let digits = match whole {
        _ if unit == 0 => 0,
        0..=9 => 2,
        10..=99 => 1,
        _ => 0,
    };
    let parts = 10_u64.pow(digits);
    // Of the last digit shown, rounded; u128 because the product of two may be larger than u64.
    let rounded = ((u128::from(bytes) * u128::from(parts) + u128::from(scale / 2)) / u128::from(scale)) as u64;
    let (whole, fraction) = (rounded / parts, rounded % parts);
    let unit = UNITS[unit];
    match (digits, fraction) {
        (_, 0) => format!("{whole}{unit}"),
        (2, fraction) if fraction % 10 == 0 => format!("{whole}.{}{unit}", fraction / 10),
        (2, fraction) => format!("{whole}.{fraction:02}{unit}"),
        (_, fraction) => format!("{whole}.{fraction}{unit}"),
    }
}
