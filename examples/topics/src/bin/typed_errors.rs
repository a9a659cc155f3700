//! Errors with a type of their own, which a client gets back as they were.

use std::error::Error;

use signalr_runtime::server::{Hub, HubService};
use signalr_runtime::test::TestServer;
use signalr_runtime::{HubError, hub};

/// On the wire an error is a text, with the variant and its fields behind it: `there is no change for 200 [NoChange {…}]`.
#[derive(Debug, HubError, thiserror::Error)]
enum BuyError {
    #[error("it costs {price}")]
    TooLittle { price: u32 },
    #[error("there is no change for {money}")]
    NoChange { money: u32 },
    /// The call itself failed: the connection, a timeout, an argument.
    #[error("{}", .0.detail())]
    #[signalr(other)]
    Call(HubError),
}

#[hub]
trait Shop {
    /// Gives the change.
    async fn buy(&self, money: u32) -> Result<u32, BuyError>;
}

const PRICE: u32 = 5;

struct Counter;

impl Hub for Counter {
    type Contract = ShopContract;
}

impl Shop for Counter {
    async fn buy(&self, money: u32) -> Result<u32, BuyError> {
        if money > 100 {
            return Err(BuyError::NoChange { money });
        }
        money.checked_sub(PRICE).ok_or(BuyError::TooLittle { price: PRICE })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = TestServer::new(HubService::<Counter>::new(|_| Counter));
    let shop = server.client().connect().await?.hub();
    println!("{:?}, {:?}, {:?}", shop.buy(9).await, shop.buy(3).await, shop.buy(200).await);
    Ok(())
}
