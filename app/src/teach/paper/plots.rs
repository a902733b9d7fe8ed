//! The report's plots, as SVG. Each has a sentence or a table beside it that says the same.

use leptos::prelude::*;

use super::scale::{Scale, time_axis};
use crate::{model::StepReport, teach::words};

/// In the plots' own units, one to a pixel of a page 900 wide.
const WIDTH: f64 = 880.0;
/// Left of a plot stand its words.
const LEFT: f64 = 210.0;
/// Beside the last line, of "12:30 min".
const HALF_A_LABEL: f64 = 40.0;
const TOP: f64 = 8.0;
const ROW: f64 = 26.0;
const BOX: f64 = 14.0;

/// Share of all steps that were passed, over time.
pub(super) fn completion(points: &[(i64, f64)]) -> Option<AnyView> {
    const HEIGHT: f64 = 190.0;
    const MARGIN: f64 = 48.0;
    let (first, last) = (points.first()?.0, points.last()?.0);
    if last <= first {
        return None;
    }
    let across = Scale { most: (last - first) as f64, length: WIDTH - MARGIN - 30.0 };
    let up = Scale { most: 1.0, length: HEIGHT };
    let place = |(at, share): &(i64, f64)| (MARGIN + across.at((at - first) as f64), TOP + HEIGHT - up.at(*share));
    // It stays at what was reached until more is.
    let mut line = String::new();
    let mut before = None;
    for point in points {
        let (x, y) = place(point);
        line += &match before {
            None => format!("M{x:.1} {y:.1}"),
            Some(_) => format!("H{x:.1}V{y:.1}"),
        };
        before = Some((x, y));
    }
    let end = MARGIN + across.length;
    let area = format!("{line}H{end:.1}V{0:.1}H{MARGIN:.1}Z", TOP + HEIGHT);
    let lines = [0, 25, 50, 75, 100]
        .map(|percent| {
            let y = TOP + HEIGHT - up.at(f64::from(percent) / 100.0);
            view! {
                <line class="plot__line" x1=MARGIN x2=WIDTH - 30.0 y1=y y2=y></line>
                <text class="plot__text plot__text--end" x=MARGIN - 8.0 y=y + 4.0>{format!("{percent} %")}</text>
            }
        })
        .collect_view();
    let minutes = u32::try_from((last - first) / 60_000).unwrap_or(u32::MAX);
    let (_, step) = time_axis(u32::try_from((last - first) / 1_000).unwrap_or(u32::MAX));
    let times = (0..)
        .map(|index| index * step)
        .take_while(|seconds| f64::from(*seconds) * 1_000.0 <= across.most)
        .map(|seconds| {
            let x = MARGIN + across.at(f64::from(seconds) * 1_000.0);
            view! { <text class="plot__text plot__text--middle" x=x y=TOP + HEIGHT + 18.0>{after(seconds)}</text> }
        })
        .collect_view();
    let reached = (points.last()?.1 * 100.0).round();
    let words = format!("Over {minutes} minutes {reached} % of all steps were passed.");
    Some(
        view! {
            <svg class="plot" viewBox=format!("0 0 {WIDTH} {}", TOP + HEIGHT + 26.0) role="img" aria-label=words>
                {lines}
                {times}
                <path class="plot__area" d=area></path>
                <path class="plot__curve" d=format!("{line}H{end:.1}")></path>
            </svg>
        }
        .into_any(),
    )
}

fn after(seconds: u32) -> String {
    match seconds {
        0 => "first join".to_owned(),
        1..60 => format!("{seconds} s"),
        60..7_200 if !seconds.is_multiple_of(60) => format!("{}:{:02} min", seconds / 60, seconds % 60),
        60..7_200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}

/// Time per step: whiskers from least to most, the box holds the middle half, the line in it is the median.
pub(super) fn times(steps: &[StepReport]) -> Option<AnyView> {
    let most = steps.iter().filter_map(|step| step.seconds).map(|seconds| seconds[4]).max()?;
    let (most, step) = time_axis(most);
    let across = Scale { most: f64::from(most), length: WIDTH - LEFT - HALF_A_LABEL };
    let height = ROW * steps.len() as f64;
    let x = |seconds: u32| LEFT + across.at(f64::from(seconds));
    let lines = (0..=most / step)
        .map(|index| {
            let at = x(index * step);
            view! {
                <line class="plot__line" x1=at x2=at y1=TOP y2=TOP + height></line>
                <text class="plot__text plot__text--middle" x=at y=TOP + height + 16.0>{if index == 0 { "0".to_owned() } else { after(index * step) }}</text>
            }
        })
        .collect_view();
    let boxes = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let middle = TOP + ROW * (index as f64 + 0.5);
            let drawn = step.seconds.map(|[least, lower, median, upper, most]| {
                let top = middle - BOX / 2.0;
                view! {
                    <path class="plot__whisker" d=format!("M{0:.1} {middle:.1}H{1:.1}M{0:.1} {2:.1}v8M{1:.1} {2:.1}v8", x(least), x(most), middle - 4.0)></path>
                    <rect class="plot__box" x=x(lower) y=top width=(x(upper) - x(lower)).max(2.0) height=BOX rx="2"></rect>
                    <line class="plot__median" x1=x(median) x2=x(median) y1=top - 2.0 y2=top + BOX + 2.0></line>
                }
            });
            let none = step.seconds.is_none().then(|| {
                let why = if step.passed > 0 { "passed before it was opened" } else { "nobody yet" };
                view! { <text class="plot__text" x=LEFT + 6.0 y=middle + 4.0>{why}</text> }
            });
            view! { {name(index, step, middle)} {drawn} {none} }
        })
        .collect_view();
    Some(
        view! {
            <svg class="plot" viewBox=format!("0 0 {WIDTH} {}", TOP + height + 26.0) role="img" aria-label="Time on each step; the table below has the numbers">
                {lines}
                {boxes}
            </svg>
        }
        .into_any(),
    )
}

/// How many needed how many tries, step by step: a bar of shares, each told apart by shade and by its number.
pub(super) fn tries(steps: &[StepReport]) -> Option<AnyView> {
    let most = steps.iter().map(|step| step.tries.iter().sum::<u32>()).max().filter(|most| *most > 0)?;
    let across = Scale::round(f64::from(most), WIDTH - LEFT - 24.0);
    let height = ROW * steps.len() as f64;
    let bars = steps
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let middle = TOP + ROW * (index as f64 + 0.5);
            let mut from = LEFT;
            let parts = step
                .tries
                .iter()
                .enumerate()
                .filter(|(_, learners)| **learners > 0)
                .map(|(tries, learners)| {
                    let width = across.at(f64::from(*learners));
                    let x = from;
                    from += width;
                    let label = (width >= 18.0).then(|| learners.to_string());
                    view! {
                        <rect class=format!("plot__part plot__part--{tries}") x=x y=middle - BOX / 2.0 width=width height=BOX></rect>
                        <text class=format!("plot__number plot__number--{tries}") x=x + width / 2.0 y=middle + 4.0>{label}</text>
                    }
                })
                .collect_view();
            view! { {name(index, step, middle)} {parts} }
        })
        .collect_view();
    Some(
        view! {
            <svg class="plot" viewBox=format!("0 0 {WIDTH} {}", TOP + height + 8.0) role="img" aria-label="Tries on each step; the table below has the numbers">
                {bars}
            </svg>
            <p class="plot-legend" aria-hidden="true">
                {["no try", "1 try", "2", "3", "4", "5 and more"]
                    .into_iter()
                    .enumerate()
                    .map(|(tries, words)| view! { <span><svg class="plot-legend__sign" viewBox="0 0 12 12"><rect class=format!("plot__part plot__part--{tries}") width="12" height="12"></rect></svg>{words}</span> })
                    .collect_view()}
            </p>
        }
        .into_any(),
    )
}

fn name(index: usize, step: &StepReport, middle: f64) -> AnyView {
    /// Characters that stand left of the plot.
    const LONGEST: usize = 28;
    let title = match step.title.chars().count() {
        0..=LONGEST => step.title.clone(),
        _ => step.title.chars().take(LONGEST - 1).chain(['…']).collect(),
    };
    view! { <text class="plot__text plot__text--end plot__name" x=LEFT - 10.0 y=middle + 4.0>{format!("{}. {title}", index + 1)}</text> }
        .into_any()
}

/// The five numbers of a box, in words.
pub(super) fn five(seconds: Option<[u32; 5]>) -> [String; 5] {
    seconds.map_or_else(|| std::array::from_fn(|_| "—".to_owned()), |five| five.map(words::seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(seconds: Option<[u32; 5]>, tries: [u32; 6]) -> StepReport {
        StepReport { title: "Publish <a> port".into(), is_checked: true, passed: 3, seconds, tries, hints: 0, wrong_turns: Vec::new() }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        assert!(completion(&[]).is_none());
        assert!(completion(&[(5, 0.0)]).is_none());
        assert!(times(&[step(None, [0; 6])]).is_none());
        assert!(tries(&[step(None, [0; 6])]).is_none());
    }

    #[test]
    fn a_box_stands_for_each_step_that_somebody_passed() {
        let nobody = StepReport { passed: 0, ..step(None, [0; 6]) };
        let html = times(&[step(Some([10, 20, 30, 40, 50]), [0; 6]), nobody, step(None, [0; 6])]).expect("somebody passed one").to_html();
        assert_eq!(html.matches("plot__box").count(), 1, "{html}");
        assert!(html.contains("nobody yet") && html.contains("passed before it was opened"), "{html}");
        assert!(!html.contains("<a>"), "a title is text: {html}");
    }

    #[test]
    fn the_curve_rises_in_steps_and_says_where_it_ends() {
        let html = completion(&[(0, 0.0), (60_000, 0.5), (120_000, 0.75)]).expect("there is time to show").to_html();
        assert!(html.contains("Over 2 minutes 75 % of all steps were passed."), "{html}");
    }
}
