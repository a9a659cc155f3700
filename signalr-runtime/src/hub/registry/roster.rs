//! A set of connections that can be taken along at the cost of one reference.

use std::collections::HashMap;
use std::sync::Arc;

use crate::contract::per_protocol::{Formats, PerProtocol};
use crate::endpoint::connection_id::ConnectionId;
use crate::hub::connection::Connection;
use crate::hub::roomy::is_roomy;
use crate::hub::selection::Except;

/// The most connections of a chunk: what is copied when a roster changes whose members somebody holds.
const CHUNK: usize = 256;

/// Up to so many members are searched one by one; beyond that, their places are kept.
const FEW: usize = 8;

/// Some connections, as they were when they were taken out of the registry: in chunks, all of them full but the last.
#[derive(Clone, Default)]
pub(crate) struct Members(Arc<Vec<Arc<Vec<Arc<Connection>>>>>);

impl Members {
    /// These connections.
    pub(super) fn of(connections: &[Arc<Connection>]) -> Self {
        Self(Arc::new(connections.chunks(CHUNK).map(|chunk| Arc::new(chunk.to_vec())).collect()))
    }

    /// One chunk of them.
    pub(crate) fn chunk(&self, number: usize) -> Option<&[Arc<Connection>]> {
        self.0.get(number).map(|chunk| &***chunk)
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Connection>> {
        self.0.iter().flat_map(|chunk| chunk.iter())
    }
}

/// What a call goes to: the members of one roster, or of several, one after the other.
pub(crate) enum Chosen {
    One(Option<Members>),
    Many(Vec<Members>),
}

impl Chosen {
    /// The members of one of the rosters.
    pub(crate) fn roster(&self, number: usize) -> Option<&Members> {
        match self {
            Self::One(members) => members.as_ref().filter(|_| number == 0),
            Self::Many(rosters) => rosters.get(number),
        }
    }
}

/// The connections with something in common.
#[derive(Default)]
pub(super) struct Roster {
    members: Members,
    /// How many speak each protocol.
    speakers: PerProtocol<u32>,
    /// Where each member stands, once there have been more than a [`FEW`].
    #[expect(clippy::box_collection, reason = "most rosters are small and have none")]
    places: Option<Box<HashMap<ConnectionId, u32>>>,
}

impl Roster {
    pub(super) fn len(&self) -> usize {
        match self.members.0.split_last() {
            Some((last, full)) => full.len().saturating_mul(CHUNK).saturating_add(last.len()),
            None => 0,
        }
    }

    pub(super) fn members(&self) -> Members {
        self.members.clone()
    }

    pub(super) fn get(&self, id: &str) -> Option<&Arc<Connection>> {
        self.at(self.place(id)?)
    }

    /// Adds a connection, once.
    pub(super) fn insert(&mut self, connection: &Arc<Connection>) {
        if self.place(&connection.id).is_some() {
            return;
        }
        let chunks = Arc::make_mut(&mut self.members.0);
        match chunks.last_mut() {
            Some(last) if last.len() < CHUNK => {
                let last = Arc::make_mut(last);
                if last.len() == last.capacity() {
                    last.reserve_exact(last.len().min(CHUNK - last.len()).max(1));
                }
                last.push(Arc::clone(connection));
            }
            _ => {
                // A roster of one is frequent: it takes no more than it needs.
                if chunks.len() == chunks.capacity() {
                    chunks.reserve_exact(chunks.len().max(1));
                }
                chunks.push(Arc::new(vec![Arc::clone(connection)]));
            }
        }
        let speakers = self.speakers.get_mut(connection.shared.format);
        *speakers = speakers.saturating_add(1);
        let place = self.len().saturating_sub(1);
        if let Some(places) = &mut self.places {
            places.insert(connection.id.clone(), index(place));
        } else if place >= FEW {
            let members = self.members.iter().enumerate();
            let places = members.map(|(place, member)| (member.id.clone(), index(place))).collect();
            self.places = Some(Box::new(places));
        }
    }

    /// Takes a connection out. The last one moves to its place.
    pub(super) fn remove(&mut self, id: &ConnectionId) -> Option<Arc<Connection>> {
        let place = self.place(id)?;
        let chunks = Arc::make_mut(&mut self.members.0);
        let last = chunks.last_mut()?;
        let last_members = Arc::make_mut(last);
        let moved = last_members.pop()?;
        if is_roomy(last_members.len(), last_members.capacity()) {
            last_members.shrink_to(last_members.len().saturating_mul(2));
        }
        if last.is_empty() {
            chunks.pop();
        }
        if let Some(places) = &mut self.places {
            places.remove(id);
            if places.len() <= FEW / 2 {
                self.places = None;
            } else if is_roomy(places.len(), places.capacity()) {
                places.shrink_to(places.len().saturating_mul(2));
            }
        }
        let removed = if moved.id == *id {
            moved
        } else {
            if let Some(place_of_moved) = self.places.as_mut().and_then(|places| places.get_mut(&moved.id)) {
                *place_of_moved = index(place);
            }
            let slot = Arc::make_mut(chunks.get_mut(place / CHUNK)?).get_mut(place % CHUNK)?;
            std::mem::replace(slot, moved)
        };
        without(&mut self.speakers, &removed);
        Some(removed)
    }

    /// The protocols that the members speak, but for those that are left out.
    pub(super) fn formats(&self, except: Option<&Except>) -> Formats {
        let mut speakers = self.speakers;
        let formats = speakers.map(|_, speakers| *speakers > 0);
        let Some(except) = except else { return formats };
        let left_out = index(except.len());
        if speakers.map(|_, speakers| *speakers > left_out) == formats {
            // Somebody is left of each, whoever is left out.
            return formats;
        }
        if except.len() > self.len() {
            let left_out = self.members.iter().filter(|member| except.contains(&member.id));
            left_out.for_each(|member| without(&mut speakers, member));
        } else {
            except.for_each(|id| {
                if let Some(member) = self.get(id) {
                    without(&mut speakers, member);
                }
            });
        }
        speakers.map(|_, speakers| *speakers > 0)
    }

    #[cfg(test)]
    pub(super) fn places(&self) -> usize {
        self.places.as_ref().map_or(0, |places| places.capacity())
    }

    fn at(&self, place: usize) -> Option<&Arc<Connection>> {
        self.members.0.get(place / CHUNK)?.get(place % CHUNK)
    }

    fn place(&self, id: &str) -> Option<usize> {
        match &self.places {
            Some(places) => places.get(id).and_then(|place| usize::try_from(*place).ok()),
            None => self.members.iter().position(|member| *member.id == *id),
        }
    }
}

/// Counts a member no more.
fn without(speakers: &mut PerProtocol<u32>, member: &Connection) {
    let speakers = speakers.get_mut(member.shared.format);
    *speakers = speakers.saturating_sub(1);
}

/// A number as it is kept. There are not as many connections as would be too many for it.
fn index(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
