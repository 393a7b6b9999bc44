//! A handler of many arguments, and a tuple of as many as there may be.
#![deny(warnings, clippy::too_many_arguments)]

use spigot::{Bytes, Source, StatusCode, Uri, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[message]
    async fn text(
        &self,
        a: Uri,
        b: Uri,
        c: Uri,
        d: Uri,
        e: Uri,
        f: Uri,
        g: Uri,
        h: Uri,
        i: Uri,
        j: Uri,
        k: Uri,
        l: Uri,
        m: Uri,
        n: Uri,
        o: Uri,
        p: Source,
        q: Bytes,
    ) -> StatusCode {
        let _ = (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
        StatusCode::OK
    }

    #[refer]
    async fn tuple(
        &self,
        _all: (Uri, Uri, Uri, Uri, Uri, Uri, Uri, Uri, Uri, Uri, Uri, Uri, Uri, Uri, Source, Bytes),
    ) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {}
