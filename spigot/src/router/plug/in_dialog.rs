//! A plug that sees requests inside dialogs because somebody says so where it is used.

use super::{Next, Plug};
use crate::router::{Reply, Request};

/// Makes a plug see requests inside dialogs, too, where it is one of a router.
///
/// A plug that refuses or drops requests may then cut calls that are up: a BYE is lost as an INVITE is.
///
/// ```
/// use spigot::plug::{self, RateLimit};
/// use spigot::{Router, sip_router};
///
/// struct Pbx;
///
/// #[sip_router(plugs(plug::in_dialog(RateLimit::per_source(50))))]
/// impl Pbx {}
///
/// // At run time:
/// let router = Router::new(Pbx).layer(plug::in_dialog(RateLimit::per_source(50)));
/// ```
pub fn in_dialog<P: Plug>(plug: P) -> PlugInDialog<P> {
    PlugInDialog(plug)
}

/// A plug that sees requests inside dialogs, made by [`in_dialog`].
#[derive(Clone, Debug)]
pub struct PlugInDialog<P>(P);

impl<P: Plug> Plug for PlugInDialog<P> {
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        self.0.call(request, next).await
    }

    fn in_dialog(&self) -> bool {
        true
    }

    fn plug_name() -> String {
        format!("in_dialog({})", P::plug_name())
    }
}
