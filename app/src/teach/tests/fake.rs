//! A teaching with one class, for whoever is signed in.

use std::sync::Arc;

use crate::{
    backend::{BackendError, BackendFuture, Teaching},
    model::*,
};

pub(super) const AT: i64 = 1_795_769_580_000;

/// Says no to who isn't signed in, as the server does.
pub(super) struct Fake {
    pub(super) is_signed_in: bool,
    pub(super) board: Board,
}

impl Fake {
    fn answer<T: Send + 'static>(&self, value: T) -> BackendFuture<'_, T> {
        let answer = if self.is_signed_in { Ok(value) } else { Err(BackendError::NotSignedIn) };
        Box::pin(async move { answer })
    }
}

pub(super) fn fake(learners: usize) -> Arc<dyn Teaching> {
    Arc::new(Fake { is_signed_in: true, board: board(learners) })
}

fn steps() -> Vec<StepOutline> {
    ["Pull an image", "Run it", "Publish a port"]
        .map(|title| StepOutline { id: title.to_lowercase().replace(' ', "-"), title: title.to_owned(), is_checked: true })
        .into()
}

pub(super) fn board(learners: usize) -> Board {
    let cells = vec![
        Cell { state: CellState::Passed, ..Cell::default() },
        Cell::default(),
        Cell { state: CellState::Working, tries: 2, ..Cell::default() },
    ];
    let row = |number: usize| BoardRow {
        id: format!("p{number}"),
        name: format!("Learner {number}"),
        online: number.is_multiple_of(2),
        hand_at: 0,
        step: Some(2),
        since: AT - 360_000,
        cells: cells.clone(),
        last: Some(LastDone { at: AT, text: "docker run nginx".to_owned(), error: String::new(), helped: false }),
        stuck: Vec::new(),
        need: 0,
    };
    let mut rows: Vec<BoardRow> = (0..learners).map(row).collect();
    if let Some(last) = rows.last_mut() {
        last.name = "Mara".to_owned();
        last.stuck = vec!["Four tries, and the port is still taken.".to_owned()];
        last.cells[2].state = CellState::Stuck;
        last.last = Some(LastDone {
            at: AT,
            text: "docker run -p 80:80 nginx".to_owned(),
            error: "port is already allocated".to_owned(),
            helped: true,
        });
        last.hand_at = AT - 60_000;
        last.need = 10;
    }
    Board {
        class: "c1".to_owned(),
        name: "Friday".to_owned(),
        state: ClassState::Open,
        lesson: "images".to_owned(),
        lesson_title: "Images".to_owned(),
        lessons: vec![("images".to_owned(), "Images".to_owned()), ("builds".to_owned(), "Builds".to_owned())],
        pace: Pace::Led,
        led: Some(StepRef { lesson: "images".to_owned(), step: "run-it".to_owned() }),
        steps: steps(),
        summary: vec![StepSummary { passed: 1, here: 1, stuck: 1, median_seconds: Some(125), wrong_turns: Vec::new() }; 3],
        rows,
        awaited: 2,
        platforms: Vec::new(),
        at: AT,
    }
}

fn details() -> ClassDetails {
    ClassDetails {
        id: "c1".to_owned(),
        draft: ClassDraft { name: "Friday".to_owned(), lessons: vec!["images".to_owned()], ..ClassDraft::default() },
        state: ClassState::Open,
        lessons: vec![outline()],
        way_in: WayIn {
            code: "K7Q-F2M".to_owned(),
            link: "https://box.example/join/K7QF2M".to_owned(),
            qr: QrCode { side: 29, path: "M4 4h7v7h-7z".to_owned() },
        },
        owner: "Ines".to_owned(),
        is_owner: true,
        shared_with: vec!["Otto".to_owned()],
        led: None,
        places: vec![Place { id: "p1".to_owned(), name: "Mara".to_owned(), joined_at: None }],
        links: vec![link()],
    }
}

fn link() -> ClassLink {
    ClassLink {
        id: "l1".to_owned(),
        platform: "School Moodle".to_owned(),
        course: "Containers".to_owned(),
        title: "First class".to_owned(),
        takes_grades: true,
        tells_members: true,
        waiting: 2,
        problem: "the platform refused it (503 Service Unavailable).".to_owned(),
    }
}

fn outline() -> LessonOutline {
    LessonOutline { slug: "images".to_owned(), title: "Images".to_owned(), minutes: 40, steps: steps() }
}

fn report() -> Report {
    let step = StepReport {
        title: "Publish a port".to_owned(),
        is_checked: true,
        passed: 3,
        seconds: Some([10, 60, 125, 200, 400]),
        tries: [0, 1, 1, 0, 0, 1],
        hints: 2,
        wrong_turns: vec![WrongTurn { message: "<script>alert(1)</script> is already allocated".to_owned(), learners: 2 }],
    };
    let person = PersonReport { name: "Mara".to_owned(), passed: 1, helped: 1, tries: 2, hints: 0, seconds: 300, completed_at: Some(AT) };
    Report {
        class: "c1".to_owned(),
        name: "Friday".to_owned(),
        instructor: "Ines".to_owned(),
        lesson_title: "Images".to_owned(),
        lessons: vec![("images".to_owned(), "Images".to_owned())],
        learners: 3,
        completed: 2,
        steps: vec![step],
        completion: vec![(AT - 600_000, 0.0), (AT - 300_000, 0.5), (AT, 0.9)],
        people: vec![person],
        never_here: vec!["Noor".to_owned()],
        at: AT,
    }
}

fn machine() -> Machine {
    let open = OpenSandbox {
        id: "s1".to_owned(),
        name: "Mara".to_owned(),
        class: "Friday".to_owned(),
        given_at: AT,
        used_at: AT,
        disk_bytes: Some(300 << 20),
        memory_bytes: None,
    };
    Machine {
        cores: 2,
        load: 0.5,
        memory_bytes: 24 << 30,
        memory_free_bytes: 20 << 30,
        disk_bytes: 100 << 30,
        disk_free_bytes: 50 << 30,
        sandboxes: 1,
        warm: 2,
        places: 60,
        fit: 40,
        fit_ends_by: "memory".to_owned(),
        open: vec![open],
    }
}

fn platforms() -> Platforms {
    let draft = PlatformDraft {
        id: "m1".to_owned(),
        name: "School Moodle".to_owned(),
        issuer: "https://moodle.example".to_owned(),
        client_id: "k7".to_owned(),
        deployments: "1".to_owned(),
        ..PlatformDraft::default()
    };
    let tool = ToolUrls {
        login: "https://box.example/lti/login".to_owned(),
        launch: "https://box.example/lti/launch".to_owned(),
        keys: "https://box.example/lti/keys".to_owned(),
    };
    let problem = Some(("The key set can't be reached.".to_owned(), AT));
    Platforms { tool, platforms: vec![Platform { draft, problem, links: 2 }] }
}

fn summary() -> ClassSummary {
    ClassSummary {
        id: "c1".to_owned(),
        name: "Friday".to_owned(),
        state: ClassState::Open,
        lessons: vec!["Images".to_owned()],
        learners: 3,
        online: 2,
        hands: 1,
        made_at: AT,
        owner: "Ines".to_owned(),
        is_mine: true,
    }
}

/// Nothing that is answered by this is asked while a page is rendered.
fn not_found<T>() -> BackendFuture<'static, T> {
    Box::pin(async { Err(BackendError::NotFound) })
}

impl Teaching for Fake {
    fn me(&self) -> BackendFuture<'_, Option<Me>> {
        let me = self.is_signed_in.then(|| Me { name: "Ines".to_owned(), is_admin: true });
        Box::pin(async move { Ok(me) })
    }
    fn signed_out(&self) -> BackendFuture<'_, Option<SignedOut>> {
        let why = (!self.is_signed_in).then_some(SignedOut::Everywhere);
        Box::pin(async move { Ok(why) })
    }
    fn sign_in<'a>(&'a self, _: &'a str, _: &'a str) -> BackendFuture<'a, Me> {
        not_found()
    }
    fn sign_out(&self) -> BackendFuture<'_, ()> {
        not_found()
    }
    fn invitation<'a>(&'a self, token: &'a str) -> BackendFuture<'a, Invitation> {
        let invitation = Invitation { kind: InvitationKind::First, name: String::new(), expires_at: AT };
        let found = (token == "good").then_some(invitation).ok_or(BackendError::NotFound);
        Box::pin(async move { found })
    }
    fn accept_invitation<'a>(&'a self, _: &'a str, _: &'a str, _: &'a str) -> BackendFuture<'a, Me> {
        not_found()
    }
    fn sign_out_everywhere(&self) -> BackendFuture<'_, ()> {
        not_found()
    }
    fn change_password<'a>(&'a self, _: &'a str, _: &'a str) -> BackendFuture<'a, ()> {
        not_found()
    }
    fn instructors(&self) -> BackendFuture<'_, Vec<Instructor>> {
        self.answer(vec![Instructor { id: "i1".to_owned(), name: "Ines".to_owned(), is_admin: true, classes: 1, made_at: AT, is_me: true }])
    }
    fn invite(&self) -> BackendFuture<'_, InvitationLink> {
        not_found()
    }
    fn reset_password<'a>(&'a self, _: &'a str) -> BackendFuture<'a, InvitationLink> {
        not_found()
    }
    fn remove_instructor<'a>(&'a self, _: &'a str) -> BackendFuture<'a, Deleted> {
        not_found()
    }
    fn machine(&self) -> BackendFuture<'_, Machine> {
        self.answer(machine())
    }
    fn close_sandbox<'a>(&'a self, _: &'a str) -> BackendFuture<'a, ()> {
        not_found()
    }
    fn platforms(&self) -> BackendFuture<'_, Platforms> {
        self.answer(platforms())
    }
    fn keep_platform(&self, _: PlatformDraft) -> BackendFuture<'_, Platforms> {
        not_found()
    }
    fn remove_platform<'a>(&'a self, _: &'a str) -> BackendFuture<'a, Deleted> {
        not_found()
    }
    fn lessons(&self) -> BackendFuture<'_, Vec<LessonOutline>> {
        self.answer(vec![outline()])
    }
    fn classes(&self) -> BackendFuture<'_, Vec<ClassSummary>> {
        self.answer(if self.board.rows.is_empty() { Vec::new() } else { vec![summary()] })
    }
    fn make_class(&self, _: ClassDraft) -> BackendFuture<'_, String> {
        not_found()
    }
    fn class<'a>(&'a self, class: &'a str) -> BackendFuture<'a, ClassDetails> {
        if class == "c1" { self.answer(details()) } else { not_found() }
    }
    fn change_class<'a>(&'a self, _: &'a str, _: ClassDraft) -> BackendFuture<'a, ClassDetails> {
        not_found()
    }
    fn delete_class<'a>(&'a self, _: &'a str) -> BackendFuture<'a, Deleted> {
        not_found()
    }
    fn share_class<'a>(&'a self, _: &'a str, _: &'a str) -> BackendFuture<'a, ClassDetails> {
        not_found()
    }
    fn unshare_class<'a>(&'a self, _: &'a str, _: &'a str) -> BackendFuture<'a, ClassDetails> {
        not_found()
    }
    fn new_code<'a>(&'a self, _: &'a str) -> BackendFuture<'a, ClassDetails> {
        not_found()
    }
    fn look_at_roster<'a>(&'a self, _: &'a str, _: &'a str) -> BackendFuture<'a, RosterPreview> {
        not_found()
    }
    fn add_roster<'a>(&'a self, _: &'a str, _: &'a str) -> BackendFuture<'a, RosterResult> {
        not_found()
    }
    fn new_link<'a>(&'a self, _: &'a str) -> BackendFuture<'a, PersonalLink> {
        not_found()
    }
    fn remove_place<'a>(&'a self, _: &'a str) -> BackendFuture<'a, Deleted> {
        not_found()
    }
    fn fill_from_platform<'a>(&'a self, _: &'a str) -> BackendFuture<'a, FillResult> {
        not_found()
    }
    fn unlink<'a>(&'a self, _: &'a str) -> BackendFuture<'a, ClassDetails> {
        not_found()
    }
    fn board<'a>(&'a self, class: &'a str, _: &'a str) -> BackendFuture<'a, Board> {
        if class == "c1" { self.answer(self.board.clone()) } else { not_found() }
    }
    fn send_note<'a>(&'a self, _: &'a str, _: &'a str, _: &'a str) -> BackendFuture<'a, ()> {
        not_found()
    }
    fn sent_notes<'a>(&'a self, _: &'a str, _: &'a str) -> BackendFuture<'a, SentNotes> {
        not_found()
    }
    fn lead<'a>(&'a self, _: &'a str, _: StepRef) -> BackendFuture<'a, ()> {
        not_found()
    }
    fn lower_hand<'a>(&'a self, _: &'a str) -> BackendFuture<'a, ()> {
        not_found()
    }
    fn watched<'a>(&'a self, _: &'a str, _: &'a str) -> BackendFuture<'a, Watched> {
        not_found()
    }
    fn timeline<'a>(&'a self, _: &'a str, _: i64) -> BackendFuture<'a, Timeline> {
        not_found()
    }
    fn ask_assist<'a>(&'a self, _: &'a str) -> BackendFuture<'a, ()> {
        not_found()
    }
    fn end_assist<'a>(&'a self, _: &'a str) -> BackendFuture<'a, ()> {
        not_found()
    }
    fn report<'a>(&'a self, _: &'a str, _: &'a str) -> BackendFuture<'a, Report> {
        self.answer(report())
    }
}
