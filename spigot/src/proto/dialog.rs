//! One side's view of a dialog ([RFC 3261 §12](https://www.rfc-editor.org/rfc/rfc3261#section-12)).

use spigot_parser::{Method, ParseError, Request, Response, Uri};

/// What identifies a dialog at one of its ends (RFC 3261 §12). Compared octet by octet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DialogId {
    /// The Call-ID.
    pub call_id: String,
    /// Our tag: in From of what we send and To of what we receive.
    pub local_tag: String,
    /// The peer's tag.
    pub remote_tag: String,
}

/// Why a request and its response make no dialog.
#[non_exhaustive]
#[derive(Clone, Debug, thiserror::Error)]
pub enum DialogError {
    /// The response is neither a 2xx nor a 101 to 199.
    #[error("the response does not establish a dialog")]
    Status,
    /// There is no tag in From, or none in To.
    #[error("the {0} header has no tag")]
    Tag(&'static str),
    /// There is no Contact to send requests to.
    #[error("the peer gave no Contact")]
    Contact,
    /// A header that the dialog is made of cannot be read.
    #[error("a header that the dialog is made of cannot be read")]
    Header(#[from] ParseError),
}

/// A dialog as one end sees it. Plain data: what it makes is sent by whoever holds it.
#[derive(Clone, Debug)]
pub struct Dialog {}

#[allow(unused_variables)]
impl Dialog {
    /// The dialog that a response makes at the end that sent the request.
    pub fn uac(request: &Request, response: &Response) -> Result<Dialog, DialogError> {
        todo!()
    }

    /// The dialog that a response makes at the end that sent the response.
    pub fn uas(request: &Request, response: &Response) -> Result<Dialog, DialogError> {
        todo!()
    }

    /// Its identity.
    pub fn id(&self) -> &DialogId {
        todo!()
    }

    /// Whether only provisional responses made it so far.
    pub fn is_early(&self) -> bool {
        todo!()
    }

    /// Where requests inside it go in the end: the peer's Contact.
    pub fn target(&self) -> &Uri {
        todo!()
    }

    /// The URI of the next hop: the first of the route set, or the target where that is empty.
    pub fn next_hop(&self) -> &Uri {
        todo!()
    }

    /// The next request inside the dialog, numbered one higher than the last. It has no Via and no Contact yet.
    pub fn request(&mut self, method: Method) -> Request {
        todo!()
    }

    /// The ACK for a 2xx to the INVITE numbered `cseq`.
    pub fn ack(&self, cseq: u32) -> Request {
        todo!()
    }

    /// The highest number that a request of ours has used.
    pub fn local_cseq(&self) -> u32 {
        todo!()
    }

    /// Takes a request of the peer's into account: its CSeq, and its Contact when it refreshes the target.
    pub fn received(&mut self, request: &Request) {
        todo!()
    }

    /// Takes a response to a request of ours into account: its Contact when it refreshes the target.
    pub fn answered(&mut self, request: &Request, response: &Response) {
        todo!()
    }
}
