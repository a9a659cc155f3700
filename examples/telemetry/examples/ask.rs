//! Asks the running server for the weather, so that there is something to observe:
//!
//! ```sh
//! cargo run -p telemetry-example --example ask -- Bern
//! ```

use signalr_runtime::client::HubConnection;
use telemetry_example::WeatherContract;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let city = std::env::args().nth(1).unwrap_or_default();
    let connection =
        HubConnection::<WeatherContract>::builder("http://127.0.0.1:3001/weather").connect().await?;
    match connection.hub().forecast(&city).await {
        Ok(degrees) => println!("{degrees} °C in {city}"),
        Err(error) => println!("{}", error.detail()),
    }
    connection.stop().await;
    Ok(())
}
