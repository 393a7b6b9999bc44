//! Streams: TCP, where messages are framed by Content-Length (RFC 3261 §18.3), TLS, where they are too, and
//! WebSocket over either, where each message is one of its own (RFC 7118).
//!
//! One task accepts; each connection has one that reads it. A connection is used for whatever goes to its
//! peer, whoever opened it.
//!
//! Each listener has one `hub`, which is data only. The tasks and the `carrier` work on it, and it knows none
//! of them: `listener` accepts, `proxied` waits for a PROXY header, `connect` opens, `adopt` makes a
//! connection of the socket of each, and `reader` runs it.

mod admission;
mod adopt;
mod attempts;
mod carrier;
mod close_reason;
mod codec;
mod connect;
mod connection;
mod connections;
mod deadlines;
mod destination;
mod hub;
mod listener;
#[cfg(feature = "ws")]
mod origins;
mod protocol;
mod proxied;
mod proxy;
mod reader;
mod tcp;
#[cfg(test)]
mod tests;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "ws")]
mod websocket;
mod write_queue;

#[cfg(feature = "ws")]
pub use self::origins::Origins;
pub use self::proxy::Proxies;
pub use self::tcp::Tcp;
#[cfg(feature = "tls")]
pub use self::tls::Tls;
#[cfg(feature = "ws")]
pub use self::websocket::WebSocket;
