//! What a learner did, newest first: in the lesson and on their host.

use app::model::{ClassState, Timeline, TimelineEntry, TimelineKind};
use sqlx::{Row as _, any::AnyRow};

use super::{ClassError, ClassRow, Classroom, did};
use crate::{clock::now, learner::LearnerId, progress, sandboxes::Status};

/// Entries given at once.
const PAGE: usize = 100;
/// What was done so long ago, in milliseconds, is told again to who begins to follow: whoever reads it knows it.
const OVERLAP_MS: i64 = 5_000;
/// Activities of a host that are looked through.
const ACTIVITIES: u32 = 5000;

impl Classroom {
    /// What the learner did before then (unix milliseconds; 0: until now) in the class's lessons, and until it was
    /// over. A host that is gone took with it what was done on it.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn timeline(&self, class: &ClassRow, learner: &LearnerId, before: i64) -> Result<Timeline, ClassError> {
        let before = if before > 0 { before } else { i64::MAX };
        let before = if class.state() == ClassState::Closed { before.min(class.closes_at) } else { before };
        let rows = sqlx::query(
            "SELECT id, at, kind, detail, step, lesson FROM progress_events WHERE learner = $1 AND at < $2 \
             AND lesson IN (SELECT l.lesson FROM class_lessons l WHERE l.class = $4) ORDER BY at DESC, id DESC LIMIT $3",
        )
        .bind(learner.as_str())
        .bind(before)
        .bind(i64::try_from(PAGE + 1).unwrap_or(i64::MAX))
        .bind(&class.id)
        .fetch_all(&self.pool)
        .await?;
        let assists = self.assists_of(learner).await?;
        let mut entries: Vec<_> = rows.iter().map(|row| self.event(row)).collect::<Result<_, _>>()?;
        if let Status::Ready { id } = self.sandboxes.status(learner) {
            // A host that is just being closed has nothing to tell.
            let activities = self.sandboxes.gateway().activity_since(&id, 0, ACTIVITIES).await.unwrap_or_default();
            let lines = did::lines(&activities, activities.len()).into_iter().map(|line| line.done);
            entries.extend(lines.filter(|line| line.at < before).map(did_entry));
        }
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        let is_more = entries.len() > PAGE;
        entries.truncate(PAGE);
        entries.iter_mut().for_each(|entry| entry.helped = assists.helped(entry.at));
        let before = entries.last().map(|entry| entry.at).filter(|_| is_more);
        // What happened in the same millisecond comes with it, or not at all.
        Ok(Timeline { entries, before })
    }

    /// What the learner did in the class's lessons after `seen`, oldest first; `seen` goes on to the last of it.
    ///
    /// # Errors
    /// Where the database fails.
    pub(crate) async fn lesson_news(
        &self,
        class: &ClassRow,
        learner: &LearnerId,
        seen: &mut Seen,
    ) -> Result<Vec<TimelineEntry>, ClassError> {
        let rows = sqlx::query(
            "SELECT p.id, p.at, p.kind, p.detail, p.step, p.lesson FROM class_lessons l JOIN progress_events p ON p.lesson = l.lesson \
             WHERE l.class = $1 AND p.learner = $2 AND p.id > $3 ORDER BY p.id LIMIT $4",
        )
        .bind(&class.id)
        .bind(learner.as_str())
        .bind(&seen.0)
        .bind(i64::try_from(PAGE).unwrap_or(i64::MAX))
        .fetch_all(&self.pool)
        .await?;
        let assists = self.assists_of(learner).await?;
        let mut entries = Vec::new();
        for row in &rows {
            let entry = self.event(row)?;
            entries.push(TimelineEntry { helped: assists.helped(entry.at), ..entry });
            seen.0 = row.try_get(0)?;
        }
        Ok(entries)
    }

    /// A row of progress_events as it is told: id, at, kind, detail, step, lesson.
    fn event(&self, row: &AnyRow) -> Result<TimelineEntry, sqlx::Error> {
        let (kind, detail, step, lesson): (String, String, String, String) =
            (row.try_get(2)?, row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
        let title = self.shelf.lesson(&lesson).and_then(|lesson| lesson.step(&step).map(|step| step.title.clone())).unwrap_or(step);
        Ok(event(row.try_get(1)?, &kind, &detail, title))
    }
}

/// Up to where somebody has been told what a learner did in lessons.
pub(crate) struct Seen(String);

impl Seen {
    /// What happened in the last moments is told, too: who asks may have read the rest a moment ago.
    pub(crate) fn until_now() -> Self {
        Self(progress::first_event_id(now() - OVERLAP_MS))
    }
}

/// One line of what was done on a host.
pub(crate) fn did_entry(line: app::model::LastDone) -> TimelineEntry {
    let failed = !line.error.is_empty();
    TimelineEntry {
        at: line.at,
        kind: if failed { TimelineKind::Failed } else { TimelineKind::Did },
        text: if failed { format!("{}: {}", line.text, line.error) } else { line.text },
        step: String::new(),
        helped: line.helped,
    }
}

fn event(at: i64, kind: &str, detail: &str, step: String) -> TimelineEntry {
    let text = match (kind, detail) {
        ("visited", _) => "looked at the step".to_owned(),
        ("tried", "") => "asked for the check".to_owned(),
        ("tried", detail) => format!("asked for the check: {detail}"),
        ("right", _) => "answered right".to_owned(),
        ("wrong", detail) => format!("answered wrong: {detail}"),
        ("hint", _) => "took a hint".to_owned(),
        ("solution", _) => "looked at the solution".to_owned(),
        ("passed", _) => "passed the step".to_owned(),
        (kind, _) => kind.to_owned(),
    };
    TimelineEntry { at, kind: if kind == "passed" { TimelineKind::Passed } else { TimelineKind::Lesson }, text, step, helped: false }
}
