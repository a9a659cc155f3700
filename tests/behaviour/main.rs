//! How hubs and clients behave.
