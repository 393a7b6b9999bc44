use spigot::{StatusCode, sip_router};

struct Pbx<'a> {
    name: &'a str,
}

#[sip_router]
impl<'a> Pbx<'a> {
    #[register]
    async fn register(&self) -> StatusCode {
        StatusCode::OK
    }
}

fn main() {
    let _ = Pbx { name: "pbx" }.name;
}
