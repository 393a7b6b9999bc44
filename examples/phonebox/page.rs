//! The web page: a phone that is made of JsSIP, which npm installs.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use spigot::BoundListener;
use tokio::net::TcpListener;

const PAGE: &str = include_str!("page.html");

/// What puts JsSIP there.
pub(crate) const INSTALL: &str = "npm ci --prefix examples/phonebox";

/// Where JsSIP is when it is installed.
pub(crate) fn jssip() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("phonebox/jssip.js")
}

/// Serves the page from now on; where it is. It asks there what the agent listens on.
///
/// # Errors
///
/// The system's, when the address cannot be bound.
pub(crate) async fn serve(address: SocketAddr, listeners: &[BoundListener]) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let listeners: Arc<str> = listeners
        .iter()
        .map(|listener| format!("{listener}\n"))
        .collect::<String>()
        .into();
    let pages = Router::new()
        .route("/", get(|| async { Html(PAGE) }))
        .route("/jssip.js", get(script))
        .route("/listeners", get(|| async move { listeners.to_string() }));
    tokio::spawn(async { axum::serve(listener, pages).await });
    Ok(address)
}

async fn script() -> Response {
    match tokio::fs::read(jssip()).await {
        Ok(script) => ([(header::CONTENT_TYPE, "text/javascript")], script).into_response(),
        Err(_) => (
            StatusCode::NOT_FOUND,
            format!("JsSIP is not there yet: {INSTALL}\n"),
        )
            .into_response(),
    }
}
