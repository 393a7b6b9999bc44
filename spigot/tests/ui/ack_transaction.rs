use spigot::{Transaction, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[ack]
    async fn acked(&self, transaction: Transaction) {
        let _ = transaction;
    }

    #[cancel]
    async fn cancelled(&self, transaction: Transaction) {
        let _ = transaction;
    }
}

fn main() {}
