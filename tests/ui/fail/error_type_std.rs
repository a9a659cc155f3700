use signalr_runtime::hub;

#[hub]
pub trait Chat {
    async fn read(&self) -> Result<String, std::io::Error>;
}

fn main() {}
