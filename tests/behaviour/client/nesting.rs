//! Values that are nested deeper than peers read: whatever carries one fails where it is made, and nothing else does.

use std::pin::pin;

use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use signalr_runtime::server::{Hub, HubContext, HubOptions, HubService};
use signalr_runtime::test::{TestConnection, TestServer};
use signalr_runtime::{HubError, HubErrorKind, HubProtocol, HubResult, client_proxy, hub};
use tokio::sync::mpsc;

const TOO_DEEP: &str = "the value is nested too deep";

#[hub(client = ScalesClient)]
trait ScalesHub {
    async fn weigh(&self, value: Value) -> HubResult<usize>;
    async fn weigh_lent(&self, value: &Value) -> HubResult<usize>;
    async fn weigh_all(&self, values: &[Value]) -> HubResult<usize>;
    async fn weigh_stream(&self, values: impl Stream<Item = HubResult<Value>>) -> HubResult<usize>;
    async fn make(&self, depth: usize) -> HubResult<Value>;
    fn make_stream(&self, depths: Vec<usize>) -> impl Stream<Item = HubResult<Value>>;
    /// Lets the caller make one.
    async fn ask_for(&self, depth: usize) -> HubResult<usize>;
    /// Asks the caller with one.
    async fn ask_with(&self, depth: usize) -> HubResult<usize>;
    /// Shows one to everybody.
    async fn show(&self, depth: usize) -> HubResult;
}

#[client_proxy]
trait ScalesClient {
    async fn shown(&self, value: &Value);
    async fn weigh(&self, value: &Value) -> HubResult<usize>;
    async fn make(&self, depth: usize) -> HubResult<Value>;
}

fn nested(depth: usize) -> Value {
    (1..depth).fold(json!([]), |inner, at| if at % 2 == 0 { json!([inner]) } else { json!({ "in": inner }) })
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.first().map_or(0, depth),
        Value::Object(members) => 1 + members.values().next().map_or(0, depth),
        _ => 0,
    }
}

struct Weigher(HubContext<ScalesHubContract>);

impl Hub for Weigher {
    type Contract = ScalesHubContract;
}

impl ScalesHub for Weigher {
    async fn weigh(&self, value: Value) -> HubResult<usize> {
        Ok(depth(&value))
    }

    async fn weigh_lent(&self, value: &Value) -> HubResult<usize> {
        Ok(depth(value))
    }

    async fn weigh_all(&self, values: &[Value]) -> HubResult<usize> {
        Ok(values.iter().map(depth).max().unwrap_or(0))
    }

    async fn weigh_stream(&self, values: impl Stream<Item = HubResult<Value>> + Send) -> HubResult<usize> {
        let mut values = pin!(values);
        let mut deepest = 0;
        while let Some(value) = values.next().await {
            deepest = deepest.max(depth(&value?));
        }
        Ok(deepest)
    }

    async fn make(&self, depth: usize) -> HubResult<Value> {
        Ok(nested(depth))
    }

    fn make_stream(&self, depths: Vec<usize>) -> impl Stream<Item = HubResult<Value>> {
        stream::iter(depths).map(|depth| Ok(nested(depth)))
    }

    async fn ask_for(&self, depth: usize) -> HubResult<usize> {
        self.0.clients().caller().make(depth).await.map(|value| self::depth(&value))
    }

    async fn ask_with(&self, depth: usize) -> HubResult<usize> {
        self.0.clients().caller().weigh(&nested(depth)).await
    }

    async fn show(&self, depth: usize) -> HubResult {
        self.0.clients().all().shown(&nested(depth)).await
    }
}

struct Page(mpsc::UnboundedSender<usize>);

impl ScalesClient for Page {
    async fn shown(&self, value: &Value) {
        self.0.send(depth(value)).unwrap();
    }

    async fn weigh(&self, value: &Value) -> HubResult<usize> {
        Ok(depth(value))
    }

    async fn make(&self, depth: usize) -> HubResult<Value> {
        Ok(nested(depth))
    }
}

fn serve() -> TestServer<Weigher> {
    let options = HubOptions { enable_detailed_errors: true, ..HubOptions::default() };
    TestServer::new(HubService::<Weigher>::new(Weigher).options(options))
}

async fn connect(
    server: &TestServer<Weigher>,
    protocol: HubProtocol,
) -> (TestConnection<ScalesHubContract>, mpsc::UnboundedReceiver<usize>) {
    let (page, shown) = mpsc::unbounded_channel();
    let client = server.client().handlers(Page(page)).configure(|builder| builder.protocol(protocol));
    (client.connect().await.unwrap(), shown)
}

/// How deep a result or an item may be; an argument may be as deep as 62, with its list and its message 64.
fn deepest(protocol: HubProtocol) -> usize {
    if protocol == HubProtocol::Json { 63 } else { 62 }
}

const PROTOCOLS: [HubProtocol; 2] = [HubProtocol::Json, HubProtocol::MessagePack];

/// What a client reads of an error on the server.
fn on_the_server(method: &str, error: &str) -> String {
    format!("An unexpected error occurred invoking '{method}' on the server. {error}")
}

#[tokio::test]
async fn an_argument_fails_its_call() {
    let server = serve();
    for protocol in PROTOCOLS {
        let (connection, _shown) = connect(&server, protocol).await;
        let hub = connection.hub();
        assert_eq!(hub.weigh(nested(62)).await.unwrap(), 62);
        assert_eq!(hub.weigh_lent(&nested(62)).await.unwrap(), 62);
        assert_eq!(hub.weigh_all(&[json!(1), nested(61)]).await.unwrap(), 61);
        let raw = connection.raw();
        let failed: Vec<HubError> = vec![
            hub.weigh(nested(63)).await.unwrap_err(),
            hub.weigh_lent(&nested(63)).await.unwrap_err(),
            hub.weigh_all(&[json!(1), nested(62)]).await.unwrap_err(),
            hub.weigh(nested(1_000)).send().await.unwrap_err(),
            raw.invoke::<usize>("Weigh", (nested(63),)).await.unwrap_err(),
        ];
        for error in failed {
            assert_eq!((error.kind(), error.message()), (HubErrorKind::Codec, TOO_DEEP), "{protocol:?}");
        }
        assert_eq!(hub.weigh(json!(1)).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_result_fails_its_call() {
    let server = serve();
    for protocol in PROTOCOLS {
        let (connection, _shown) = connect(&server, protocol).await;
        let hub = connection.hub();
        let deepest = deepest(protocol);
        assert_eq!(depth(&hub.make(deepest).await.unwrap()), deepest);
        let error = hub.make(deepest + 1).await.unwrap_err();
        let text = on_the_server("Make", &format!("InvalidDataException: {TOO_DEEP}"));
        assert_eq!((error.kind(), error.message()), (HubErrorKind::Internal, &*text));
        // The same of what a client is asked for: it answers with an error.
        assert_eq!(hub.ask_for(deepest).await.unwrap(), deepest);
        let error = hub.ask_for(deepest + 1).await.unwrap_err();
        assert_eq!(error.message(), on_the_server("AskFor", &format!("HubException: {TOO_DEEP}")));
        assert_eq!(hub.weigh(json!(1)).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn an_item_ends_its_stream() {
    let server = serve();
    for protocol in PROTOCOLS {
        let (connection, _shown) = connect(&server, protocol).await;
        let hub = connection.hub();
        let deepest = deepest(protocol);
        let mut items = hub.make_stream(vec![1, deepest, deepest + 1, 1]);
        for expected in [1, deepest] {
            assert_eq!(depth(&items.next().await.unwrap().unwrap()), expected);
        }
        assert_eq!(
            items.next().await.unwrap().unwrap_err().message(),
            format!(
                "An error occurred on the server while streaming results. InvalidDataException: {TOO_DEEP}"
            )
        );
        assert!(items.next().await.is_none());
        // The method that reads a stream of the client's is told.
        let upload =
            |depths: [usize; 2]| hub.weigh_stream(stream::iter(depths).map(|depth| Ok(nested(depth))));
        assert_eq!(upload([1, deepest]).await.unwrap(), deepest);
        let error = upload([1, deepest + 1]).await.unwrap_err();
        let text = format!("HubException: Stream errored by client: '{TOO_DEEP}'");
        assert_eq!(error.message(), on_the_server("WeighStream", &text));
        assert_eq!(hub.weigh(json!(1)).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_message_to_clients_fails_where_it_is_sent() {
    let server = serve();
    let mut clients = Vec::new();
    for protocol in PROTOCOLS {
        clients.push(connect(&server, protocol).await);
    }
    let outside = server.handle().clients().all();
    for depth in [63, 1_000] {
        let error = outside.shown(&nested(depth)).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (HubErrorKind::Codec, TOO_DEEP));
    }
    outside.shown(&nested(62)).await.unwrap();
    for (connection, _) in &clients {
        let hub = connection.hub();
        let text = |method| on_the_server(method, &format!("InvalidDataException: {TOO_DEEP}"));
        assert_eq!(hub.show(63).await.unwrap_err().message(), text("Show"));
        assert_eq!(hub.ask_with(63).await.unwrap_err().message(), text("AskWith"));
        assert_eq!(hub.ask_with(62).await.unwrap(), 62);
        hub.show(61).await.unwrap();
    }
    for (_, shown) in &mut clients {
        for expected in [62, 61, 61] {
            assert_eq!(shown.recv().await, Some(expected));
        }
    }
}
