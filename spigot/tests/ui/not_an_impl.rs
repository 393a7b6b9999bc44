use spigot::sip_router;

#[sip_router]
struct Pbx;

#[sip_router]
fn register() {}

fn main() {}
