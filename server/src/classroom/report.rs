//! What a class has come to in one lesson: worked out from the same facts as the board.

use app::model::{PersonReport, Report, StepReport};

use super::{
    ClassError, ClassRow, Classroom,
    board::facts::{self, Facts, StepFacts},
    board::judge,
};
use crate::{clock::now, lessons::Lesson};

/// Points of the curve of completion, at most: more can't be told apart.
const MAX_POINTS: usize = 400;

impl Classroom {
    /// The class's report in that lesson; empty: the first, or the one that is led.
    ///
    /// # Errors
    /// Where there is no such lesson in it, or the database fails.
    pub async fn report(&self, class: &ClassRow, lesson: &str) -> Result<Report, ClassError> {
        let lesson = self.lesson_shown(class, lesson).await?;
        let facts = facts::read(&self.pool, &class.id, &lesson, None).await?;
        let instructor: Option<String> =
            sqlx::query_scalar("SELECT name FROM instructors WHERE id = $1").bind(&class.owner).fetch_optional(&self.pool).await?;
        let lessons = self.lessons_of(&class.id).await?;
        let all: Vec<&Facts> = facts.values().collect();
        let people = people(&lesson, &all);
        Ok(Report {
            class: class.id.clone(),
            name: class.name.clone(),
            instructor: instructor.unwrap_or_default(),
            lesson_title: lesson.title.clone(),
            lessons: lessons.into_iter().map(|slug| (slug.clone(), self.title(&slug))).collect(),
            learners: count(all.len()),
            completed: count(people.iter().filter(|person| person.completed_at.is_some()).count()),
            steps: (0..lesson.steps.len()).map(|index| step(&lesson, &all, index)).collect(),
            completion: completion(&lesson, &all),
            people,
            never_here: self.never_here(class).await?,
            at: now(),
        })
    }
}

fn people(lesson: &Lesson, all: &[&Facts]) -> Vec<PersonReport> {
    let checked: Vec<usize> = checked(lesson).collect();
    let mut people: Vec<PersonReport> = all
        .iter()
        .map(|facts| {
            let steps = || checked.iter().filter_map(|index| facts.steps.get(index));
            let passed = steps().filter(|step| step.is_passed()).count();
            let spans = steps().filter(|step| step.took().is_some()).map(|step| (step.first_at, step.passed_at)).collect();
            let is_complete = passed == checked.len() && !checked.is_empty();
            PersonReport {
                name: facts.name.clone(),
                passed: count(passed),
                helped: count(steps().filter(|step| step.helped).count()),
                tries: facts.steps.values().map(|step| step.tries).sum(),
                hints: facts.steps.values().map(|step| step.hints).sum(),
                seconds: seconds(covered(spans)),
                completed_at: steps().map(|step| step.passed_at).max().filter(|_| is_complete),
            }
        })
        .collect();
    people.sort_by_key(|person| person.name.to_lowercase());
    people
}

/// How long any of these lasted, from begin to end: who looks at all steps first and passes them then has not needed
/// the time once for each.
fn covered(mut spans: Vec<(i64, i64)>) -> i64 {
    spans.sort_unstable();
    let (mut total, mut until) = (0, i64::MIN);
    for (from, to) in spans {
        total += (to - from.max(until)).max(0);
        until = until.max(to);
    }
    total
}

fn step(lesson: &Lesson, all: &[&Facts], index: usize) -> StepReport {
    let known = || all.iter().filter_map(|facts| facts.steps.get(&index));
    let mut times: Vec<u32> = known().filter_map(StepFacts::took).map(seconds).collect();
    times.sort_unstable();
    let mut tries = [0; 6];
    for step in known() {
        tries[usize::try_from(step.tries).unwrap_or(usize::MAX).min(5)] += 1;
    }
    StepReport {
        title: lesson.steps[index].title.clone(),
        is_checked: lesson.steps[index].is_checked(),
        passed: count(known().filter(|step| step.is_passed()).count()),
        seconds: five_numbers(&times),
        tries,
        hints: known().map(|step| step.hints).sum(),
        wrong_turns: judge::wrong_turns(all, index),
    }
}

/// Least, lower quartile, median, upper quartile, most: by linear interpolation between the two nearest
/// (type 7 of Hyndman and Fan).
fn five_numbers(sorted: &[u32]) -> Option<[u32; 5]> {
    let last = sorted.len().checked_sub(1)?;
    let at = |quarter: usize| {
        let (whole, rest) = (quarter * last / 4, quarter * last % 4);
        let (low, high) = (u64::from(sorted[whole]), u64::from(sorted[(whole + 1).min(last)]));
        u32::try_from(low + (high - low) * rest as u64 / 4).unwrap_or(u32::MAX)
    };
    Some([at(0), at(1), at(2), at(3), at(4)])
}

/// Of all steps of all learners, the share that was passed by then.
fn completion(lesson: &Lesson, all: &[&Facts]) -> Vec<(i64, f64)> {
    let checked: Vec<usize> = checked(lesson).collect();
    let total = checked.len() * all.len();
    if total == 0 {
        return Vec::new();
    }
    let of = |facts: &&Facts| checked.iter().filter_map(|index| facts.steps.get(index)).cloned().collect::<Vec<_>>();
    let steps: Vec<_> = all.iter().flat_map(of).collect();
    let mut passed: Vec<i64> = steps.iter().map(|step| step.passed_at).filter(|at| *at > 0).collect();
    passed.sort_unstable();
    let began = steps.iter().map(|step| step.first_at).filter(|at| *at > 0).min();
    let every = passed.len().div_ceil(MAX_POINTS).max(1);
    let points = passed.iter().enumerate().filter(|(index, _)| (index + 1) % every == 0 || index + 1 == passed.len());
    let share = |count: usize| count as f64 / total as f64;
    began.map(|at| (at, 0.0)).into_iter().chain(points.map(|(index, at)| (*at, share(index + 1)))).collect()
}

fn checked(lesson: &Lesson) -> impl Iterator<Item = usize> {
    lesson.steps.iter().enumerate().filter(|(_, step)| step.is_checked()).map(|(index, _)| index)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn seconds(ms: i64) -> u32 {
    u32::try_from(ms / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_several_steps_share_counts_once() {
        assert_eq!(covered(Vec::new()), 0);
        assert_eq!(covered(vec![(0, 10), (20, 30)]), 20);
        assert_eq!(covered(vec![(5, 30), (0, 10), (6, 7), (40, 40), (9, 2)]), 30);
    }

    #[test]
    fn a_box_shows_quartiles() {
        assert_eq!(five_numbers(&[]), None);
        assert_eq!(five_numbers(&[7]), Some([7; 5]));
        assert_eq!(five_numbers(&[1, 2, 3, 4, 5]), Some([1, 2, 3, 4, 5]));
        assert_eq!(five_numbers(&[10, 20]), Some([10, 12, 15, 17, 20]));
    }
}
