use spigot::{Extension, Transaction, sip_router};

struct Pbx;

#[sip_router]
impl Pbx {
    #[ack]
    async fn acked(&self, transaction: Transaction) {
        let _ = transaction;
    }

    #[cancel]
    async fn cancelled(&self, transaction: Transaction, user: Extension<String>) {
        let _ = (transaction, user);
    }
}

fn main() {}
