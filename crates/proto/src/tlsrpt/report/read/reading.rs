//! What is carried along while a report is read.
use super::{
    error::{ReadError, Result},
    values::Notes,
};
use crate::tlsrpt::report::{MAX_FAILURES, Place};

/// What was odd so far, and how much may still come.
pub(super) struct Reading {
    pub(super) notes: Notes,
    pub(super) failures_left: usize,
}

impl Reading {
    pub(super) fn new() -> Self {
        Self { notes: Notes::new(), failures_left: MAX_FAILURES }
    }
}

/// Puts a member's value where it belongs; a second one is refused (TLSRPT-4-1).
pub(super) fn once<T>(slot: &mut Option<T>, place: Place, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(ReadError::Twice(place.member)),
    }
}
