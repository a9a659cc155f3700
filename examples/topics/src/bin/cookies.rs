//! Users who have signed in at a web page: a session cookie says who they are, to the pages and to the hub.

use std::error::Error;

use axum::Router;
use axum::extract::Request;
use axum::http::header::COOKIE;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;
use signalr_runtime::client::HubConnection;
use signalr_runtime::server::{Hub, HubContext, HubRouterExt, HubService};
use signalr_runtime::{HubResult, hub};
use tokio::net::TcpListener;

#[hub]
trait Desk {
    async fn who_am_i(&self) -> HubResult<String>;
}

struct Clerk(HubContext<DeskContract>);

impl Hub for Clerk {
    type Contract = DeskContract;
}

impl Desk for Clerk {
    async fn who_am_i(&self) -> HubResult<String> {
        Ok(self.0.user_id().unwrap_or("nobody").to_owned())
    }
}

#[derive(Clone)]
struct User(&'static str);

/// Yours asks a database. The page that signs somebody in sets the cookie: `HttpOnly`, `Secure` and `SameSite=Lax`.
async fn authenticate(jar: CookieJar, mut request: Request, next: Next) -> Response {
    if jar.get("session").is_some_and(|cookie| cookie.value() == "6d1f0c") {
        request.extensions_mut().insert(User("Ada"));
    }
    next.run(request).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let hub = HubService::<Clerk>::new(Clerk)
        .user_id(|request| Some(request.extensions.get::<User>()?.0.to_owned()))
        .authorize_hub(|request| request.extensions.get::<User>().is_some());
    let app = Router::new().hub("/desk", hub).layer(from_fn(authenticate));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/desk", listener.local_addr()?);
    tokio::spawn(axum::serve(listener, app).into_future());

    let client = || HubConnection::<DeskContract>::builder(&url);
    println!("without a cookie: {:?}", client().connect().await.err().and_then(|error| error.status()));
    // A browser sends it by itself. From a page of another host that is refused with 403: see `OriginPolicy`.
    let ada = client().header(COOKIE, "session=6d1f0c".parse()?).connect().await?;
    println!("with Ada's: {}", ada.hub().who_am_i().await?);
    Ok(())
}
