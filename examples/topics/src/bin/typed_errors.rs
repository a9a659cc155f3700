//! Errors with a type of their own, which a client gets back as they were.

use std::error::Error;

use signalr_runtime::server::{Hub, HubService};
use signalr_runtime::test::TestServer;
use signalr_runtime::{HubError, hub};

/// On the wire an error is a text, which clients in other languages show as it is.
#[derive(Debug, thiserror::Error)]
enum BuyError {
    #[error("it costs more")]
    TooLittle,
    #[error("there is no change for that")]
    NoChange,
    /// The call itself failed: the connection, a timeout, an argument.
    #[error("{}", .0.detail())]
    Call(HubError),
}

/// The server's half.
impl From<BuyError> for HubError {
    fn from(error: BuyError) -> Self {
        if let BuyError::Call(error) = error { error } else { Self::new(error.to_string()) }
    }
}

/// The client's half.
impl From<HubError> for BuyError {
    fn from(error: HubError) -> Self {
        let known = [Self::TooLittle, Self::NoChange];
        known.into_iter().find(|known| known.to_string() == error.detail()).unwrap_or(Self::Call(error))
    }
}

#[hub]
trait Shop {
    /// Gives the change.
    async fn buy(&self, money: u32) -> Result<u32, BuyError>;
}

struct Counter;

impl Hub for Counter {
    type Contract = ShopContract;
}

impl Shop for Counter {
    async fn buy(&self, money: u32) -> Result<u32, BuyError> {
        if money > 100 { Err(BuyError::NoChange) } else { money.checked_sub(5).ok_or(BuyError::TooLittle) }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = TestServer::new(HubService::<Counter>::new(|_| Counter));
    let shop = server.client().connect().await?.hub();
    println!("{:?}, {:?}, {:?}", shop.buy(9).await, shop.buy(3).await, shop.buy(200).await);
    Ok(())
}
