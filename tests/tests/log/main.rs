//! What the log says at `DEBUG`: each answer, each request of ours and each message that is dropped has one
//! line, with its reason, and no line has a body or credentials.

mod agent;
mod credentials;
mod drops;
mod requests;
mod router;
mod stack;
mod transports;
