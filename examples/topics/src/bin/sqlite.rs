//! A database that blocks: methods that ask it run on threads of their own, and hold up no other client.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use signalr_runtime::server::{Hub, HubService, MethodOptions, ResultExt};
use signalr_runtime::test::TestServer;
use signalr_runtime::{HubError, HubResult, hub};

#[hub]
trait Guestbook {
    async fn sign(&self, name: &str) -> HubResult<i64>;
    async fn names(&self) -> HubResult<Vec<String>>;
}

struct Page(Arc<Mutex<Connection>>);

impl Hub for Page {
    type Contract = GuestbookContract;
}

impl Guestbook for Page {
    async fn sign(&self, name: &str) -> HubResult<i64> {
        if name.trim().is_empty() {
            return Err(HubError::new("a name, please")); // the client reads this,
        }
        let database = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        database.execute("INSERT INTO guest (name) VALUES (?1)", [name]).internal()?; // and nothing of that
        Ok(database.last_insert_rowid())
    }

    async fn names(&self) -> HubResult<Vec<String>> {
        let database = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut query = database.prepare("SELECT name FROM guest ORDER BY id").internal()?;
        let names = query.query_map([], |row| row.get(0)).internal()?;
        names.collect::<Result<_, _>>().internal()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let database = Connection::open_in_memory()?;
    database.execute("CREATE TABLE guest (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", [])?;
    let database = Arc::new(Mutex::new(database));
    let blocking = MethodOptions { blocking: true, ..MethodOptions::default() };
    let hub = HubService::<Page>::new(move |_| Page(database.clone()))
        .method_options(&[GuestbookContract::SIGN, GuestbookContract::NAMES], &blocking);

    let server = TestServer::new(hub);
    let guestbook = server.client().connect().await?.hub();
    println!("{}, {}", guestbook.sign("Ada").await?, guestbook.sign("Bob").await?);
    println!("{:?}", guestbook.names().await?);
    println!("{}", guestbook.sign(" ").await.err().ok_or("an empty name was taken")?.detail());
    Ok(())
}
