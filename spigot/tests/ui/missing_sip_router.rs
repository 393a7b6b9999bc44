use spigot::IntoRouter;

struct Pbx;

impl Pbx {}

fn serve(agent: impl IntoRouter) {
    let _ = agent.into_router();
}

fn main() {
    serve(Pbx);
}
