//! Asks the running server for the weather, so that there is something to observe:
//!
//! ```sh
//! cargo run -p telemetry-example --example ask -- Bern
//! ```
//!
//! The address of the hub may follow, for a server on another port.

use signalr_runtime::client::HubConnection;
use telemetry_example::WeatherContract;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let city = arguments.next().unwrap_or_default();
    let url = arguments.next().unwrap_or_else(|| "http://127.0.0.1:3001/weather".to_owned());
    let connection = HubConnection::<WeatherContract>::builder(url).connect().await?;
    match connection.hub().forecast(&city).await {
        Ok(degrees) => println!("{degrees} °C in {city}"),
        Err(error) => println!("{}", error.detail()),
    }
    connection.stop().await;
    Ok(())
}
