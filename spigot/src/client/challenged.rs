//! What a request needs to be sent again with credentials.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::proto::ClientKey;
use crate::proto::digest::Login;
use crate::sip::header::CSeq;
use crate::sip::{ParseError, Request, Response};

/// The CSeq numbers of a dialog, shared by its requests; nothing for a request outside of any.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers(Option<Arc<Used>>);

#[derive(Debug)]
struct Used {
    highest: AtomicU32,
    invite: Mutex<Option<Invite>>,
}

/// The INVITE that was sent last, for its ACK.
#[derive(Clone, Copy, Debug)]
pub(super) struct Invite {
    pub(super) number: u32,
    pub(super) key: ClientKey,
}

impl Numbers {
    pub(super) fn new(used: u32, invite: Option<Invite>) -> Numbers {
        Numbers(Some(Arc::new(Used {
            highest: AtomicU32::new(used),
            invite: Mutex::new(invite),
        })))
    }

    /// The highest that was used.
    pub(super) fn used(&self) -> u32 {
        let used = self.0.as_ref();
        used.map_or(0, |used| used.highest.load(Ordering::Relaxed))
    }

    /// Takes note of one.
    pub(super) fn use_up_to(&self, number: u32) {
        if let Some(used) = &self.0 {
            used.highest.fetch_max(number, Ordering::Relaxed);
        }
    }

    /// The INVITE that was sent last.
    pub(super) fn invite(&self) -> Option<Invite> {
        *lock(&self.0.as_ref()?.invite)
    }

    /// Takes note of an INVITE that was sent.
    pub(super) fn invited(&self, invite: Invite) {
        if let Some(used) = &self.0 {
            *lock(&used.invite) = Some(invite);
        }
    }

    /// The number of a request that had another before.
    fn after(&self, before: u32) -> u32 {
        let next = |used: u32| used.saturating_add(1).min((1 << 31) - 1);
        match &self.0 {
            None => next(before),
            Some(used) => {
                let used = &used.highest;
                let used = used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| Some(next(used)));
                next(used.unwrap_or_else(|used| used))
            }
        }
    }
}

/// What a request is sent again with when it is challenged; shared by the requests of a dialog.
#[derive(Clone, Debug, Default)]
pub(super) struct Challenged {
    pub(super) login: Option<Arc<Mutex<Login>>>,
    pub(super) numbers: Numbers,
}

impl Challenged {
    /// Answers what was challenged before, so that it need not be again.
    pub(super) fn authorize(
        &self,
        request: &mut Request,
        cnonce: impl FnOnce() -> String,
    ) -> Result<(), ParseError> {
        match &self.login {
            Some(login) => lock(login).authorize(request, &cnonce()),
            None => Ok(()),
        }
    }

    /// The request to send after that response, if it asks for credentials and there are some.
    ///
    /// [RFC 3261 §22.2](https://www.rfc-editor.org/rfc/rfc3261#section-22.2):
    /// > When a UAC resubmits a request with its credentials after receiving a 401 (Unauthorized) or 407 (Proxy
    /// > Authentication Required) response, it MUST increment the CSeq header field value as it would normally
    /// > when sending an updated request.
    pub(super) fn again(
        &self,
        request: &Request,
        response: &Response,
        cnonce: impl FnOnce() -> String,
    ) -> Option<Request> {
        let mut login = lock(self.login.as_ref()?);
        if !login.challenged(request, response) {
            return None;
        }
        let mut again = request.clone();
        let authorized = login.authorize(&mut again, &cnonce());
        match authorized.and_then(|()| self.renumber(&mut again)) {
            Ok(()) => Some(again),
            Err(error) => {
                tracing::debug!(%error, "a challenge cannot be answered");
                None
            }
        }
    }

    fn renumber(&self, request: &mut Request) -> Result<(), ParseError> {
        let before = request.headers().typed::<CSeq>()?.map_or(0, |cseq| cseq.number());
        let number = self.numbers.after(before);
        let cseq = CSeq::new(number, request.method().clone())?;
        request.headers_mut().set_typed(&cseq);
        Ok(())
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
