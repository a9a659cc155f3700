//! Paths without regard to case, as ASP.NET Core matches them.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::uri::PathAndQuery;
use http::{Request, Uri};
use tower_layer::Layer;
use tower_service::Service;

/// Lets clients write the path of a hub in any case, as ASP.NET Core does: `/Chat/negotiate` reaches the hub at
/// `/chat`. Without it, paths match exactly.
///
/// It has to stand around the whole router, because a router looks at the path before its own layers do:
///
/// ```no_run
/// # async fn run(app: axum::Router) -> std::io::Result<()> {
/// use axum::ServiceExt;
/// use signalr_runtime::server::IgnorePathCase;
///
/// let app = IgnorePathCase::new(["/chat"]).layer(app);
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
/// axum::serve(listener, ServiceExt::<axum::extract::Request>::into_make_service(app)).await
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct IgnorePathCase {
    hubs: Arc<[String]>,
}

impl IgnorePathCase {
    /// For the hubs at these paths.
    pub fn new<P: Into<String>>(hubs: impl IntoIterator<Item = P>) -> Self {
        let path = |hub: P| hub.into().trim_end_matches('/').to_owned();
        Self { hubs: hubs.into_iter().map(path).collect() }
    }

    /// Puts this around a router: [`Layer::layer`], without the crate that has this trait.
    pub fn layer<S>(&self, inner: S) -> IgnorePathCaseService<S> {
        IgnorePathCaseService { inner, paths: self.clone() }
    }

    /// The URI with the path of a hub as it is routed. None where it is that already, or no hub's.
    fn routed(&self, uri: &Uri) -> Option<Uri> {
        let path = uri.path();
        let routed = self.hubs.iter().find_map(|hub| {
            let (head, tail) = path.split_at_checked(hub.len())?;
            if !head.eq_ignore_ascii_case(hub) {
                return None;
            }
            let tails = ["", "/", "/negotiate", "/refresh"];
            let tail = tails.into_iter().find(|known| known.eq_ignore_ascii_case(tail))?;
            Some(format!("{hub}{tail}"))
        })?;
        if routed == path {
            return None;
        }
        let path_and_query = uri.query().map_or_else(|| routed.clone(), |query| format!("{routed}?{query}"));
        let mut parts = uri.clone().into_parts();
        parts.path_and_query = Some(PathAndQuery::try_from(path_and_query).ok()?);
        Uri::from_parts(parts).ok()
    }
}

impl<S> Layer<S> for IgnorePathCase {
    type Service = IgnorePathCaseService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        self.layer(inner)
    }
}

/// What [`IgnorePathCase`] makes of a service.
#[derive(Clone, Debug)]
pub struct IgnorePathCaseService<S> {
    inner: S,
    paths: IgnorePathCase,
}

impl<S, B> Service<Request<B>> for IgnorePathCaseService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        if let Some(uri) = self.paths.routed(request.uri()) {
            *request.uri_mut() = uri;
        }
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use super::IgnorePathCase;

    #[test]
    fn only_paths_of_hubs_are_changed() {
        let paths = IgnorePathCase::new(["/chat", "/api/News/"]);
        let routed = |uri: &str| paths.routed(&uri.parse().unwrap()).map(|uri| uri.to_string());
        for (asked, expected) in [
            ("/Chat", "/chat"),
            ("/CHAT/Negotiate?negotiateVersion=1", "/chat/negotiate?negotiateVersion=1"),
            ("/chat/REFRESH?id=aBc", "/chat/refresh?id=aBc"),
            ("/API/news?Name=Ada", "/api/News?Name=Ada"),
            ("https://example.org/Chat/", "https://example.org/chat/"),
        ] {
            assert_eq!(routed(asked).as_deref(), Some(expected), "{asked}");
        }
        for other in ["/chat", "/chat?X=Y", "/Chats", "/Chat/Files/A", "/", "/Ch", "/c\u{68}\u{e4}t"] {
            assert!(other.parse::<http::Uri>().is_err() || routed(other).is_none(), "{other}");
        }
    }
}
