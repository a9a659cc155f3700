//! What a typed stub returns: a call on its way, and a stream of results.
