//! From numbers to places on paper.

/// Turns values from 0 to `most` into lengths from 0 to `length`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    pub(super) most: f64,
    pub(super) length: f64,
}

impl Scale {
    /// With a most that is a round number, so that its lines are.
    pub(super) fn round(most: f64, length: f64) -> Self {
        Self { most: round_up(most), length }
    }

    pub(super) fn at(self, value: f64) -> f64 {
        let share = if self.most > 0.0 { (value / self.most).clamp(0.0, 1.0) } else { 0.0 };
        share * self.length
    }
}

/// The next of 1, 2, 5, 10, 20, 50 …
fn round_up(value: f64) -> f64 {
    if value <= 1.0 {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|round| *round >= value).unwrap_or(value)
}

/// The most that minutes or seconds on an axis go to, and how far its lines are apart, in seconds.
pub(super) fn time_axis(most_seconds: u32) -> (u32, u32) {
    const STEPS: [u32; 11] = [5, 10, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200];
    /// More lines than this are no help.
    const LINES: u32 = 6;
    let most = most_seconds.max(10);
    let step = STEPS.into_iter().find(|step| most.div_ceil(*step) <= LINES).unwrap_or(most.div_ceil(LINES));
    (most.div_ceil(step) * step, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        assert_eq!([0.0, 1.0, 3.0, 7.0, 12.0, 100.0, 101.0].map(round_up), [1.0, 1.0, 5.0, 10.0, 20.0, 100.0, 200.0]);
    }

    #[test]
    fn times_have_lines_where_people_look_for_them() {
        assert_eq!(time_axis(0), (10, 5));
        assert_eq!(time_axis(50), (50, 10));
        assert_eq!(time_axis(400), (480, 120));
        assert_eq!(time_axis(5_000), (6_000, 1_200));
    }

    #[test]
    fn nothing_is_drawn_outside() {
        let scale = Scale { most: 10.0, length: 100.0 };
        assert_eq!((scale.at(-1.0), scale.at(5.0), scale.at(99.0)), (0.0, 50.0, 100.0));
        assert_eq!(Scale { most: 0.0, length: 100.0 }.at(3.0), 0.0);
    }
}
