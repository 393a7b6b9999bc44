//! What the expansion of `#[sip_router]` names. Not for anybody else: it changes without notice.

pub use std::boxed::Box;
pub use std::marker::{Send, Sync};
pub use std::option::Option;
pub use std::pin::pin;
pub use std::result::Result;
pub use std::sync::Arc;

pub use crate::router::domains::{AgentDomains, domains};
pub use crate::router::extract::Path;
pub use crate::router::glue::{
    Capture, call_plug, call_router_plug, capture, extract, future, handler, lost, needs, reply, router_plug,
    router_plugs, routes, share, shared, unanswered,
};
pub use crate::router::layered::take_over;
pub use crate::router::plug::{Next, NextRequest};
pub use crate::router::route::{Captured, HandedOn, Handler, HandlerFuture, Handlers, RouterPlugs, Takes};
pub use crate::router::{Agent, FromRequest, IntoReply, Reply, Request, Route, Routes, method};
