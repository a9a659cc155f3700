//! Who may negotiate and connect, and how many at once.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::Limits;
use super::user_id::UserId;
use crate::connection::budget::MemoryBudget;
use crate::connection::limit::Limit;
use crate::connection::rate::{Rate, TokenBucket};

/// Lets clients in as long as there is room for them.
pub(crate) struct Admission {
    connections: Option<Arc<Semaphore>>,
    handshakes: Arc<Semaphore>,
    by_user: Arc<Tally<Arc<str>>>,
    by_network: Arc<Tally<Network>>,
    negotiates: Option<Buckets>,
    memory: Option<MemoryBudget>,
    /// When those may try again for whom there is no place now.
    retry_after: Duration,
    /// The operator was told of a proxy that is taken for a client.
    told_of_proxy: AtomicBool,
}

/// Why a client is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    limit: Limit,
    retry_after: Duration,
}

/// The place of one connection, given back when it is dropped. Every connection keeps one for as long as it lives, so
/// it has little room for limits that most servers do not set.
pub(crate) struct Permit {
    _connection: Option<OwnedSemaphorePermit>,
    _network: Option<Box<Place<Network>>>,
    _user: Option<Box<Place<Arc<str>>>>,
    handshake: Option<OwnedSemaphorePermit>,
}

impl Admission {
    pub(crate) fn new(limits: &Limits, retry_after: Duration) -> Self {
        let places = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self {
            connections: limits.connections.map(places),
            handshakes: places(limits.handshakes),
            by_user: Arc::new(Tally::new(limits.connections_per_user)),
            by_network: Arc::new(Tally::new(limits.connections_per_address)),
            negotiates: limits.negotiates.map(Buckets::new),
            memory: limits.memory.clone(),
            retry_after,
            told_of_proxy: AtomicBool::new(false),
        }
    }

    /// Whether the operator is still to be told that a proxy is taken for a client. True once.
    pub(crate) fn proxy_is_news(&self) -> bool {
        !self.told_of_proxy.swap(true, Ordering::Relaxed)
    }

    /// Whether a client with this address may negotiate. Where no address is known it may.
    pub(crate) fn negotiate(&self, address: Option<IpAddr>) -> Result<(), Refusal> {
        match (&self.negotiates, address) {
            (Some(negotiates), Some(address)) => negotiates
                .take(Network::of(address))
                .map_err(|retry_after| Refusal::new(Limit::Negotiates, retry_after)),
            _ => Ok(()),
        }
    }

    /// A place for a connection of this user, which is in its handshake.
    pub(crate) fn connect(&self, address: Option<IpAddr>, user: &UserId) -> Result<Permit, Refusal> {
        if self.memory.as_ref().is_some_and(MemoryBudget::is_used_up) {
            return Err(self.refusal(Limit::Memory));
        }
        let place = |places: &Arc<Semaphore>, limit| {
            Arc::clone(places).try_acquire_owned().map_err(|_| self.refusal(limit))
        };
        let handshake = place(&self.handshakes, Limit::Handshakes)?;
        let connections = self.connections.as_ref();
        let connection = connections.map(|places| place(places, Limit::Connections)).transpose()?;
        let network = match address {
            Some(address) => self
                .by_network
                .enter(Network::of(address))
                .map_err(|Full| self.refusal(Limit::ConnectionsPerAddress))?,
            None => None,
        };
        let user = match user {
            Some(user) => self
                .by_user
                .enter(Arc::clone(user))
                .map_err(|Full| self.refusal(Limit::ConnectionsPerUser))?,
            None => None,
        };
        Ok(Permit {
            _connection: connection,
            _network: network.map(Box::new),
            _user: user.map(Box::new),
            handshake: Some(handshake),
        })
    }

    fn refusal(&self, limit: Limit) -> Refusal {
        Refusal::new(limit, self.retry_after)
    }
}

impl Permit {
    /// The handshake is over.
    pub(crate) fn shaken(&mut self) {
        self.handshake = None;
    }
}

impl Refusal {
    /// Also counts it.
    fn new(limit: Limit, retry_after: Duration) -> Self {
        limit.hit();
        Self { limit, retry_after }
    }

    /// The status of the answer: whether the client itself is too many, or all of them.
    pub(crate) fn status(self) -> StatusCode {
        match self.limit {
            Limit::Negotiates | Limit::ConnectionsPerAddress | Limit::ConnectionsPerUser => {
                StatusCode::TOO_MANY_REQUESTS
            }
            _ => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether it is one address that is too many.
    pub(crate) fn is_for_address(self) -> bool {
        matches!(self.limit, Limit::Negotiates | Limit::ConnectionsPerAddress)
    }

    /// What the client reads.
    pub(crate) fn text(self) -> &'static str {
        match self.limit {
            Limit::Negotiates => "Too many negotiate requests",
            Limit::ConnectionsPerAddress | Limit::ConnectionsPerUser => "Too many connections of this client",
            _ => "The server is full",
        }
    }

    /// When the client may try again.
    pub(crate) fn retry_after(self) -> Duration {
        self.retry_after
    }
}

/// What one party has to itself on the internet: an address, or with IPv6 the 64 bits that a host is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Network(IpAddr);

impl Network {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            v4 @ IpAddr::V4(_) => Self(v4),
            IpAddr::V6(v6) => {
                const HOST: u128 = u64::MAX as u128;
                Self(Ipv6Addr::from_bits(v6.to_bits() & !HOST).into())
            }
        }
    }
}

/// How many there are of each.
struct Tally<K> {
    most: Option<usize>,
    counts: Mutex<HashMap<K, usize>>,
}

/// One of those that are counted.
struct Place<K: Hash + Eq> {
    tally: Arc<Tally<K>>,
    key: K,
}

/// There are as many as there may be.
struct Full;

impl<K: Hash + Eq + Clone> Tally<K> {
    fn new(most: Option<usize>) -> Self {
        Self { most, counts: Mutex::default() }
    }

    /// One more. Without a limit nothing is counted.
    fn enter(self: &Arc<Self>, key: K) -> Result<Option<Place<K>>, Full> {
        let Some(most) = self.most else { return Ok(None) };
        let mut counts = self.counts();
        let count = counts.get(&key).copied().unwrap_or_default();
        if count >= most {
            return Err(Full);
        }
        counts.insert(key.clone(), count.saturating_add(1));
        Ok(Some(Place { tally: Arc::clone(self), key }))
    }
}

impl<K> Tally<K> {
    fn counts(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        let mut counts = self.tally.counts();
        if let Some(count) = counts.get_mut(&self.key) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

/// A token bucket for each network that was heard of lately, in constant space: each has a few slots where it may
/// stand, and takes the one whose bucket is fullest, which loses least by being forgotten.
struct Buckets {
    rate: Rate,
    hasher: RandomState,
    /// Not before the first is needed.
    sets: OnceLock<Box<[Mutex<Set>]>>,
}

type Set = [Option<(Network, TokenBucket)>; 4];

const SETS: usize = 1024;

impl Buckets {
    fn new(rate: Rate) -> Self {
        Self { rate, hasher: RandomState::new(), sets: OnceLock::new() }
    }

    /// Takes a token of this network's, or gives how long it takes until there is one.
    fn take(&self, network: Network) -> Result<(), Duration> {
        let sets = self.sets.get_or_init(|| std::iter::repeat_with(Mutex::default).take(SETS).collect());
        let at = usize::try_from(self.hasher.hash_one(network) % SETS as u64).unwrap_or_default();
        let Some(set) = sets.get(at) else { return Ok(()) };
        let mut set = set.lock().unwrap_or_else(PoisonError::into_inner);
        let known = set.iter().position(|slot| matches!(slot, Some((known, _)) if *known == network));
        let fullest = || {
            let levels = set.iter_mut().map(|slot| slot.as_mut().map_or(f64::INFINITY, |(_, b)| b.level()));
            levels.enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(at, _)| at)
        };
        let Some(slot) = known.or_else(fullest).and_then(|at| set.get_mut(at)) else { return Ok(()) };
        if known.is_none() {
            *slot = Some((network, TokenBucket::new(self.rate)));
        }
        slot.as_mut().map_or(Ok(()), |(_, bucket)| bucket.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(limits: &Limits) -> Admission {
        Admission::new(limits, Duration::from_secs(5))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn limit(result: Result<Permit, Refusal>) -> Option<Limit> {
        result.err().map(|refusal| refusal.limit)
    }

    #[test]
    fn a_place_is_given_back() {
        let admission = self::admission(&Limits { connections: Some(2), ..Limits::default() });
        let (first, _second) =
            (admission.connect(None, &None).unwrap(), admission.connect(None, &None).unwrap());
        assert_eq!(limit(admission.connect(None, &None)), Some(Limit::Connections));
        drop(first);
        assert_eq!(limit(admission.connect(None, &None)), None);
    }

    #[test]
    fn a_handshake_is_counted_until_it_is_over() {
        let admission = self::admission(&Limits { handshakes: 1, ..Limits::default() });
        let mut first = admission.connect(None, &None).unwrap();
        assert_eq!(limit(admission.connect(None, &None)), Some(Limit::Handshakes));
        first.shaken();
        assert_eq!(limit(admission.connect(None, &None)), None);
    }

    #[test]
    fn addresses_are_counted_by_what_one_party_has() {
        let limits = Limits { connections_per_address: Some(1), ..Limits::default() };
        for (taken, other, same) in [
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8::1", "2001:db8::2:3:4:5", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ] {
            let admission = self::admission(&limits);
            let held = admission.connect(Some(address(taken)), &None).unwrap();
            let refused = limit(admission.connect(Some(address(other)), &None));
            assert_eq!(refused, same.then_some(Limit::ConnectionsPerAddress), "{taken} {other}");
            assert_eq!(limit(admission.connect(None, &None)), None);
            drop(held);
            assert_eq!(limit(admission.connect(Some(address(other)), &None)), None);
            assert!(admission.by_network.counts().is_empty());
        }
    }

    #[test]
    fn users_are_counted() {
        let admission = self::admission(&Limits { connections_per_user: Some(1), ..Limits::default() });
        let (ann, bob) = (Some("ann".into()), Some("bob".into()));
        let first = admission.connect(None, &ann).unwrap();
        let refused = admission.connect(None, &ann).err().unwrap();
        assert_eq!((refused.status().as_u16(), refused.retry_after().as_secs()), (429, 5));
        let second = admission.connect(None, &bob).unwrap();
        drop((first, second));
        assert!(admission.by_user.counts().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn negotiates_come_at_a_pace() {
        let negotiates = Some(Rate { per_second: 1, burst: 2 });
        let admission = self::admission(&Limits { negotiates, ..Limits::default() });
        let (ann, bob) = (Some(address("192.0.2.1")), Some(address("192.0.2.2")));
        assert_eq!([admission.negotiate(ann), admission.negotiate(ann)], [Ok(()); 2]);
        let refused = admission.negotiate(ann).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.retry_after().as_secs()), (429, 1));
        assert_eq!([admission.negotiate(bob), admission.negotiate(None)], [Ok(()); 2]);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(admission.negotiate(ann), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_million_addresses_take_no_more_room_than_a_few() {
        let negotiates = Some(Rate { per_second: 1, burst: 2 });
        let admission = self::admission(&Limits { negotiates, ..Limits::default() });
        for n in 0..1_000_000_u32 {
            assert_eq!(admission.negotiate(Some(IpAddr::V4(n.into()))), Ok(()));
        }
        let sets = admission.negotiates.as_ref().and_then(|buckets| buckets.sets.get()).unwrap();
        assert_eq!(sets.len() * 4, 4096);
        // One that asks too often is not forgotten for others that ask once.
        let ann = Some(address("192.0.2.1"));
        while admission.negotiate(ann).is_ok() {}
        for n in 0..100_000_u32 {
            admission.negotiate(Some(IpAddr::V4(n.into()))).unwrap_or_default();
        }
        assert!(admission.negotiate(ann).is_err());
    }
}
