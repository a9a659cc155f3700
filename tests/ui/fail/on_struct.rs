use signalr_runtime::hub;

#[hub]
pub struct Chat;

fn main() {}
