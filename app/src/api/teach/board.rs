//! The board, helping, and the report.

use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::api::{answer, teaching};
use crate::{
    api::{ApiError, codec::PostJsonText},
    model::{Board, Report, SentNotes, StepRef, Timeline, Watched},
};

/// `lesson`: empty for the class's first, or the one that is led.
#[server(name = FetchBoard, prefix = "/api/fn", endpoint = "teach/board", output = PostJsonText)]
pub async fn board(class: String, lesson: String) -> Result<Board, ApiError> {
    answer(teaching()?.board(&class, &lesson).await)
}

/// To one place, or to all where `place` is empty.
#[server(name = SendNote, prefix = "/api/fn", endpoint = "teach/send_note", output = PostJsonText)]
pub async fn send_note(class: String, place: String, text: String) -> Result<(), ApiError> {
    answer(teaching()?.send_note(&class, &place, &text).await)
}

/// What was sent, to all and to each; to one place alone where `place` isn't empty.
#[server(name = FetchSentNotes, prefix = "/api/fn", endpoint = "teach/sent_notes", output = PostJsonText)]
pub async fn sent_notes(class: String, place: String) -> Result<SentNotes, ApiError> {
    answer(teaching()?.sent_notes(&class, &place).await)
}

/// Moves a class in led pace to a step.
#[server(name = Lead, prefix = "/api/fn", endpoint = "teach/lead", output = PostJsonText)]
pub async fn lead(class: String, to: StepRef) -> Result<(), ApiError> {
    answer(teaching()?.lead(&class, to).await)
}

#[server(name = LowerHand, prefix = "/api/fn", endpoint = "teach/lower_hand", output = PostJsonText)]
pub async fn lower_hand(place: String) -> Result<(), ApiError> {
    answer(teaching()?.lower_hand(&place).await)
}

/// One learner, to be looked at beside the board.
#[server(name = FetchWatched, prefix = "/api/fn", endpoint = "teach/watched", output = PostJsonText)]
pub async fn watched(place: String, lesson: String) -> Result<Watched, ApiError> {
    answer(teaching()?.watched(&place, &lesson).await)
}

/// `before`: unix milliseconds; 0: the newest.
#[server(name = FetchTimeline, prefix = "/api/fn", endpoint = "teach/timeline", output = PostJsonText)]
pub async fn timeline(place: String, before: i64) -> Result<Timeline, ApiError> {
    answer(teaching()?.timeline(&place, before).await)
}

/// Asks the learner whether one may type in their terminal.
#[server(name = AskAssist, prefix = "/api/fn", endpoint = "teach/ask_assist", output = PostJsonText)]
pub async fn ask_assist(place: String) -> Result<(), ApiError> {
    answer(teaching()?.ask_assist(&place).await)
}

#[server(name = EndAssist, prefix = "/api/fn", endpoint = "teach/end_assist", output = PostJsonText)]
pub async fn end_assist(place: String) -> Result<(), ApiError> {
    answer(teaching()?.end_assist(&place).await)
}

#[server(name = FetchReport, prefix = "/api/fn", endpoint = "teach/report", output = PostJsonText)]
pub async fn report(class: String, lesson: String) -> Result<Report, ApiError> {
    answer(teaching()?.report(&class, &lesson).await)
}
