//! The task behind a board.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use app::model::{Board, BoardRow};
use tokio::{
    sync::{
        broadcast::{Receiver, error::RecvError},
        watch,
    },
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use super::{
    super::{ClassError, ClassRow, Classroom, Event, classes::outline},
    Snapshot,
    facts::{self, Facts},
    judge::{self, Person},
};
use crate::{clock::now, learner::LearnerId, lessons::Lesson};

/// What happens together is shown together: from the first change to the look at it.
const SETTLE: Duration = Duration::from_millis(150);
/// Between two looks at the clock, by which somebody may have become stuck.
const ROUND: Duration = Duration::from_secs(5);
/// How long a board that nobody looks at is kept: a page that is loaded again comes back to it.
const GRACE: Duration = Duration::from_secs(30);

struct Task {
    classroom: Classroom,
    class: ClassRow,
    lesson: Arc<Lesson>,
    /// By learner.
    facts: HashMap<String, Facts>,
    sender: watch::Sender<Snapshot>,
}

/// Starts the task; returns when there is something to see.
pub(super) async fn start(classroom: Classroom, class: ClassRow, lesson: Arc<Lesson>) -> Result<watch::Receiver<Snapshot>, ClassError> {
    // Before the first look, so that nothing is missed.
    let news = classroom.hub.listen();
    let facts = facts::read(&classroom.pool, &class.id, &lesson, None).await?;
    let head = head(&classroom, &class, &lesson).await?;
    let snapshot = judged(&classroom, head, &lesson, &facts, None);
    let (sender, receiver) = watch::channel(snapshot);
    let task = Task { classroom, class, lesson, facts, sender };
    tokio::spawn(task.run(news));
    Ok(receiver)
}

/// What of a board is not about learners.
async fn head(classroom: &Classroom, class: &ClassRow, lesson: &Lesson) -> Result<Board, ClassError> {
    let lessons = classroom.lessons_of(&class.id).await?;
    let awaited: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM enrolments WHERE class = $1 AND learner IS NULL")
        .bind(&class.id)
        .fetch_one(&classroom.pool)
        .await?;
    Ok(Board {
        class: class.id.clone(),
        name: class.name.clone(),
        state: class.state(),
        lesson: lesson.slug.clone(),
        lesson_title: lesson.title.clone(),
        lessons: lessons.into_iter().map(|slug| (slug.clone(), classroom.title(&slug))).collect(),
        pace: class.pace,
        led: class.led_now(),
        steps: outline(lesson).steps,
        summary: Vec::new(),
        rows: Vec::new(),
        awaited: u32::try_from(awaited).unwrap_or(u32::MAX),
        platforms: classroom.platforms_of(&class.id).await?,
        at: 0,
    })
}

/// Everybody judged anew; rows that are as they were are the very same.
fn judged(classroom: &Classroom, head: Board, lesson: &Lesson, facts: &HashMap<String, Facts>, old: Option<&Snapshot>) -> Snapshot {
    let all: Vec<&Facts> = facts.values().collect();
    let medians: Vec<_> = (0..lesson.steps.len()).map(|index| judge::median_ms(&all, index)).collect();
    let at = now();
    let mut rows: Vec<BoardRow> = all
        .iter()
        .map(|facts| {
            let (online, doing) = match &facts.learner {
                Some(learner) => (classroom.hub.is_present(learner), classroom.hub.doing(learner)),
                None => Default::default(),
            };
            judge::row(lesson, &Person { facts, online, doing }, &medians, at)
        })
        .collect();
    rows.sort_by(|a, b| b.need.cmp(&a.need).then_with(|| b.online.cmp(&a.online)).then_with(|| a.name.cmp(&b.name)));
    let summary = judge::summaries(lesson, &rows, &all);
    let before: HashMap<&str, &Arc<BoardRow>> =
        old.map(|old| old.rows.iter().map(|row| (row.id.as_str(), row)).collect()).unwrap_or_default();
    let keep = |row: BoardRow| match before.get(row.id.as_str()) {
        Some(old) if ***old == row => Arc::clone(old),
        _ => Arc::new(row),
    };
    let rows = rows.into_iter().map(keep).collect();
    let head = match old {
        Some(old) if *old.head == head => Arc::clone(&old.head),
        _ => Arc::new(head),
    };
    let summary = match old {
        Some(old) if *old.summary == summary => Arc::clone(&old.summary),
        _ => Arc::new(summary),
    };
    Snapshot { head, rows: Arc::new(rows), summary }
}

impl Task {
    async fn run(mut self, mut news: Receiver<Event>) {
        let mut round = interval(ROUND);
        round.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut left_at: Option<Instant> = None;
        loop {
            let mut changed = Changed::default();
            tokio::select! {
                event = news.recv() => {
                    if !self.note(event, &mut changed) {
                        return;
                    }
                    let until = Instant::now() + SETTLE;
                    loop {
                        tokio::select! {
                            event = news.recv() => if !self.note(event, &mut changed) { return },
                            () = sleep_until(until) => break,
                        }
                    }
                    if changed.is_nothing() {
                        continue;
                    }
                }
                _ = round.tick() => {
                    // One is kept by the list of boards.
                    let is_left = self.sender.receiver_count() <= 1;
                    match left_at {
                        Some(at) if is_left && at.elapsed() >= GRACE => return,
                        None if is_left => left_at = Some(Instant::now()),
                        _ if !is_left => left_at = None,
                        _ => {}
                    }
                }
            }
            match self.look(&changed).await {
                Ok(true) => {}
                Ok(false) => return,
                // The next news, or the next round, tries again.
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "A board could not be brought up to date."),
            }
        }
    }

    /// `false`: there will be no more news.
    fn note(&self, event: Result<Event, RecvError>, changed: &mut Changed) -> bool {
        match event {
            Ok(Event::Learner(learner) | Event::Seat(learner)) if self.facts.contains_key(learner.as_str()) => {
                changed.learners.insert(learner);
            }
            Ok(Event::Class(class) | Event::People(class)) if class == self.class.id => changed.class = true,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => changed.class = true,
            Err(RecvError::Closed) => return false,
        }
        true
    }

    /// Reads what has changed and shows it. `false`: the class is no more.
    async fn look(&mut self, changed: &Changed) -> Result<bool, ClassError> {
        let mut shown = (*self.sender.borrow().head).clone();
        if changed.class {
            let Some(class) = self.classroom.class_by_id(&self.class.id).await? else { return Ok(false) };
            self.class = class;
            shown = head(&self.classroom, &self.class, &self.lesson).await?;
            self.facts = facts::read(&self.classroom.pool, &self.class.id, &self.lesson, None).await?;
        } else if !changed.learners.is_empty() {
            let learners: Vec<LearnerId> = changed.learners.iter().cloned().collect();
            for some in learners.chunks(100) {
                self.facts.extend(facts::read(&self.classroom.pool, &self.class.id, &self.lesson, Some(some)).await?);
            }
        }
        shown.state = self.class.state();
        let old = self.sender.borrow().clone();
        let snapshot = judged(&self.classroom, shown, &self.lesson, &self.facts, Some(&old));
        self.sender.send_if_modified(|current| {
            let is_new = snapshot.since(current).is_some();
            *current = snapshot;
            is_new
        });
        Ok(true)
    }
}

#[derive(Default)]
struct Changed {
    class: bool,
    learners: HashSet<LearnerId>,
}

impl Changed {
    fn is_nothing(&self) -> bool {
        !self.class && self.learners.is_empty()
    }
}
