//! A hub whose clients show tokens, and may show newer ones: `USER.ROLE.EXPIRY`, the last in milliseconds since 1970.
//! Nothing is signed: everybody may be everybody here.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;
use http::request::Parts;
use signalr_runtime::server::{Hub, HubContext, HubOptions, HubService};
use signalr_runtime::{HubError, HubResult, hub};

/// The methods that clients may call.
#[hub]
pub trait SecureHub {
    /// The user and the role of the token that counts now.
    async fn who_am_i(&self) -> HubResult<String>;
    /// The number of times that this connection was told of new credentials.
    async fn refreshed(&self) -> HubResult<u32>;
}

/// The server's side of [`SecureHub`].
#[derive(Debug)]
pub struct SecureServer {
    cx: HubContext<SecureHubContract>,
    refreshed: AtomicU32,
}

/// The hub, ready to be served with these options; it refuses whom the role `refused` is given.
pub fn service(mut options: HubOptions) -> HubService<SecureServer> {
    options.http.close_on_authentication_expiration = true;
    options.http.enable_authentication_refresh = true;
    HubService::<SecureServer>::new(|cx| SecureServer { cx, refreshed: AtomicU32::new(0) })
        .options(options)
        .user_id(|request| Some(Token::of(request)?.user.to_owned()))
        .authentication_expiry(|request| Some(Token::of(request)?.expiry))
        .authorize_hub(|request| Token::of(request).is_some())
        .on_authentication_refresh(async |refresh| {
            Token::of(refresh.request()).is_some_and(|token| token.role != "refused")
        })
}

/// A token that has not expired.
struct Token<'a> {
    user: &'a str,
    role: &'a str,
    expiry: SystemTime,
}

impl<'a> Token<'a> {
    fn of(request: &'a Parts) -> Option<Self> {
        let token = request.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        let (user, rest) = token.split_once('.')?;
        let (role, expiry) = rest.split_once('.')?;
        let expiry = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(expiry.parse().ok()?))?;
        (expiry > SystemTime::now()).then_some(Self { user, role, expiry })
    }
}

impl Hub for SecureServer {
    type Contract = SecureHubContract;

    async fn on_authentication_refreshed(&self) -> HubResult {
        self.refreshed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl SecureHub for SecureServer {
    async fn who_am_i(&self) -> HubResult<String> {
        let request = self.cx.authenticated_request();
        let token = Token::of(&request).ok_or_else(|| HubError::new("the token has expired"))?;
        Ok(format!("{} as {}", token.user, token.role))
    }

    async fn refreshed(&self) -> HubResult<u32> {
        Ok(self.refreshed.load(Ordering::Relaxed))
    }
}
