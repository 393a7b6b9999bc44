//! Layers of `tower` as plugs.

use std::error::Error;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use tower_layer::Layer;
use tower_service::Service;

use super::{Next, Plug};
use crate::router::{Reply, Request};
use crate::sip::StatusCode;

/// Makes a plug of any [`Layer`] over services of [`Request`] and [`Reply`]:
/// `#[through(plug::layer(ConcurrencyLimitLayer::new(8)))]`.
///
/// The layer is asked for its service once, so what it counts, it counts for all requests. A service that
/// fails (a time-out, a limit that sheds load) is answered 503, or what [`LayerPlug::or`] makes of its error.
/// One that calls the rest twice, to try again, fails the second time: a request is handed on once. Requests
/// inside dialogs do not pass it, unless their route names it with `#[through]`.
pub fn layer<L>(layer: L) -> LayerPlug<L::Service>
where
    L: Layer<Rest>,
{
    LayerPlug {
        service: Mutex::new(layer.layer(Rest(()))),
        or: |_| StatusCode::SERVICE_UNAVAILABLE.into(),
    }
}

/// A layer of `tower` as a plug, made by [`layer`].
pub struct LayerPlug<S> {
    service: Mutex<S>,
    or: fn(&(dyn Error + Send + Sync)) -> Reply,
}

impl<S> LayerPlug<S> {
    /// Says what is answered when the service fails.
    #[must_use]
    pub fn or(mut self, or: fn(&(dyn Error + Send + Sync)) -> Reply) -> Self {
        self.or = or;
        self
    }
}

/// The rest of the pipeline, as the layer sees it.
#[derive(Clone, Debug)]
pub struct Rest(());

/// The rest of the pipeline was not there: the layer called it a second time, or for a request that is not
/// the one that it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request is handed on once")]
#[non_exhaustive]
pub struct NoRest;

/// The way around a layer, beside the request: where the request is awaited, and where its reply comes from.
type Handoff = Arc<Mutex<Option<(oneshot::Sender<Request>, oneshot::Receiver<Reply>)>>>;

impl Service<Request> for Rest {
    type Response = Reply;
    type Error = NoRest;
    type Future = Pin<Box<dyn Future<Output = Result<Reply, NoRest>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoRest>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let handoff = request.extension::<Handoff>().cloned();
        Box::pin(async move {
            let taken =
                handoff.and_then(|handoff| handoff.lock().unwrap_or_else(PoisonError::into_inner).take());
            let (rest, reply) = taken.ok_or(NoRest)?;
            rest.send(request).map_err(|_| NoRest)?;
            reply.await.map_err(|_| NoRest)
        })
    }
}

impl<S> Plug for LayerPlug<S>
where
    S: Service<Request, Response = Reply> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Into<Box<dyn Error + Send + Sync>> + Send,
{
    async fn call(&self, request: Request, next: Next<'_>) -> Reply {
        let failed = |error: S::Error| {
            let error = error.into();
            tracing::debug!(%error, "a layer has failed");
            (self.or)(&*error)
        };
        let mut service = self
            .service
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Err(error) = poll_fn(|cx| service.poll_ready(cx)).await {
            return failed(error);
        }
        let (to_rest, from_layer) = oneshot::channel();
        let (to_layer, from_rest) = oneshot::channel();
        let handoff: Handoff = Arc::new(Mutex::new(Some((to_rest, from_rest))));
        let mut layered = pin!(service.call(request.with(handoff)));
        let request = tokio::select! {
            biased;
            result = &mut layered => return result.unwrap_or_else(failed),
            request = from_layer => request,
        };
        if let Ok(request) = request {
            tokio::select! {
                biased;
                reply = next.run(request) => {
                    // A layer that is gone does not want it any more.
                    let _ = to_layer.send(reply);
                }
                result = &mut layered => return result.unwrap_or_else(failed),
            }
        }
        layered.await.unwrap_or_else(failed)
    }

    fn plug_name() -> String {
        format!("layer({})", super::type_name::<S>())
    }
}

impl<S> fmt::Debug for LayerPlug<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LayerPlug").finish_non_exhaustive()
    }
}
