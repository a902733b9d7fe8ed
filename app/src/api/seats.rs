//! The learner's places in classes: in, back in, hand, notes, help; and certificates.

use leptos::prelude::*;

use super::{ApiError, codec::PostJsonText};
use crate::model::{Certificate, ClassCard, Joined, PersonalLink, PlaceCard, Seat};

#[server(name = FetchSeats, prefix = "/api/fn", endpoint = "seats", output = PostJsonText)]
pub async fn seats() -> Result<Vec<Seat>, ApiError> {
    super::answer(super::backend()?.seats().await)
}

#[server(name = FindClass, prefix = "/api/fn", endpoint = "find_class", output = PostJsonText)]
pub async fn find_class(code: String) -> Result<ClassCard, ApiError> {
    super::answer(super::backend()?.find_class(&code).await)
}

#[server(name = JoinClass, prefix = "/api/fn", endpoint = "join_class", output = PostJsonText)]
pub async fn join_class(code: String, name: String, someone_else: bool) -> Result<Joined, ApiError> {
    super::answer(super::backend()?.join_class(&code, &name, someone_else).await)
}

#[server(name = FindPlace, prefix = "/api/fn", endpoint = "find_place", output = PostJsonText)]
pub async fn find_place(personal_code: String) -> Result<PlaceCard, ApiError> {
    super::answer(super::backend()?.find_place(&personal_code).await)
}

#[server(name = ComeBack, prefix = "/api/fn", endpoint = "come_back", output = PostJsonText)]
pub async fn come_back(personal_code: String) -> Result<Joined, ApiError> {
    super::answer(super::backend()?.come_back(&personal_code).await)
}

#[server(name = NewWayBack, prefix = "/api/fn", endpoint = "new_way_back", output = PostJsonText)]
pub async fn new_way_back(seat: String) -> Result<PersonalLink, ApiError> {
    super::answer(super::backend()?.new_way_back(&seat).await)
}

#[server(name = RaiseHand, prefix = "/api/fn", endpoint = "raise_hand", output = PostJsonText)]
pub async fn raise_hand(seat: String, up: bool) -> Result<(), ApiError> {
    super::answer(super::backend()?.raise_hand(&seat, up).await)
}

#[server(name = PutNoteAway, prefix = "/api/fn", endpoint = "put_note_away", output = PostJsonText)]
pub async fn put_note_away(seat: String, note: String) -> Result<(), ApiError> {
    super::answer(super::backend()?.put_note_away(&seat, &note).await)
}

/// Lets the instructor of that name type in the terminal, refuses it, or ends it.
#[server(name = AllowAssist, prefix = "/api/fn", endpoint = "allow_assist", output = PostJsonText)]
pub async fn allow_assist(seat: String, who: String, allow: bool) -> Result<(), ApiError> {
    super::answer(super::backend()?.allow_assist(&seat, &who, allow).await)
}

/// `rename`: the one that there is gets another name. One function for both: each brings its code into the browser.
#[server(name = MakeCertificate, prefix = "/api/fn", endpoint = "make_certificate", output = PostJsonText)]
pub async fn make_certificate(lesson: String, name: String, rename: bool) -> Result<Certificate, ApiError> {
    let backend = super::backend()?;
    super::answer(if rename { backend.rename_certificate(&lesson, &name).await } else { backend.make_certificate(&lesson, &name).await })
}

#[server(name = FetchCertificate, prefix = "/api/fn", endpoint = "certificate", output = PostJsonText)]
pub async fn certificate(id: String) -> Result<Certificate, ApiError> {
    super::answer(super::backend()?.certificate(&id).await)
}
