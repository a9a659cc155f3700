//! What is observed.

use signalr_runtime::server::Hub;
use signalr_runtime::{HubError, HubResult, hub};

#[hub]
pub trait Weather {
    /// How warm it will be, in degrees Celsius.
    async fn forecast(&self, city: &str) -> HubResult<i32>;
}

pub(crate) struct Station;

impl Hub for Station {
    type Contract = WeatherContract;
}

impl Weather for Station {
    async fn forecast(&self, city: &str) -> HubResult<i32> {
        // Part of the span of the call, like everything that happens in here.
        tracing::info!("looking at the sky");
        match city {
            "" => Err(HubError::new("which city?")),
            city => Ok(i32::try_from(city.len()).unwrap_or(i32::MAX)),
        }
    }
}
