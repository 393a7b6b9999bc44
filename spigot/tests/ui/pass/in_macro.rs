//! An impl block that a macro of the user's writes, with types and names from outside of it.
use spigot::{Path, Request, StatusCode, sip_router};

macro_rules! agent {
    ($name:ident, $handler:ident($argument:ident: $taken:ty), $captured:ty, $answer:ty) => {
        struct $name;

        #[sip_router]
        impl $name {
            #[register]
            async fn $handler(&self, $argument: $taken) -> $answer {
                let _ = $argument.method();
                StatusCode::OK
            }

            #[invite("sip:{room}@*")]
            async fn join(&self, room: $captured, request: Request) -> $answer {
                let _ = (room, request);
                StatusCode::OK
            }
        }
    };
}

agent!(Pbx, register(request: Request), Path<u32>, StatusCode);

fn main() {
    assert_eq!(Pbx::ROUTES.len(), 2);
}
