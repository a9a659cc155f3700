//! Who is here, and what is told of it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::thread;

use super::bare;
use crate::HubProtocol::{self, Json, MessagePack};
use crate::connection::budget::MemoryBudget;
use crate::contract::per_protocol::Formats;
use crate::hub::connection::Connection;
use crate::hub::registry::change::{Change, Edge};
use crate::hub::registry::{Chosen, Members, Registry};
use crate::hub::selection::{Except, Selection};

fn connection(n: usize, format: HubProtocol) -> Arc<Connection> {
    bare::connection(&format!("c{n}"), None, format, 1, None)
}

fn group(name: &str) -> Selection {
    Selection::Group(name.to_owned())
}

fn ids(chosen: &Chosen) -> Vec<String> {
    let members = (0..).map_while(|number| chosen.roster(number)).flat_map(Members::iter);
    members.map(|member| member.id.to_string()).collect()
}

#[test]
fn a_group_has_whoever_has_joined_and_not_left() {
    let registry = Registry::new();
    let crowd: Vec<_> = (0..1200).map(|n| connection(n, Json)).collect();
    let mut model = BTreeSet::new();
    let mut random = 1_u64;
    for round in 0..20_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The group grows, and then it shrinks: across the sizes at which it is kept in another way.
        let joins = (random >> 20) % 10 < if round < 10_000 { 8 } else { 2 };
        let connection = &crowd[usize::try_from(random >> 33).unwrap() % crowd.len()];
        if joins {
            registry.join(connection, "g").unwrap();
            model.insert(connection.id.to_string());
        } else {
            registry.leave(connection, "g");
            model.remove(connection.id.as_str());
        }
        assert_eq!(registry.group_len("g"), model.len());
        if round % 500 == 0 || model.len() < 10 {
            let members = ids(&registry.choose(&group("g")));
            assert_eq!(members.len(), model.len());
            assert_eq!(BTreeSet::from_iter(members), model, "round {round}");
        }
    }
    for connection in &crowd {
        registry.leave(connection, "g");
    }
    assert!(registry.is_empty());
}

/// A group costs what its members cost: not what those have cost who have left.
#[test]
fn a_group_keeps_no_room_for_those_who_have_left() {
    let registry = Registry::new();
    let crowd: Vec<_> = (0..5_000).map(|n| connection(n, Json)).collect();
    for connection in &crowd {
        registry.join(connection, "g").unwrap();
    }
    for (left, at_most) in [(0..4_000, 4_000), (4_000..4_950, 200), (4_950..4_999, 0)] {
        for connection in &crowd[left] {
            registry.leave(connection, "g");
        }
        let places = registry.group_places("g");
        assert!(places <= at_most, "room for {places} of {}", registry.group_len("g"));
    }
    assert_eq!(ids(&registry.choose(&group("g"))), ["c4999"]);
}

/// Neither does a connection, for the groups that it has left.
#[test]
fn a_connection_keeps_no_room_for_the_groups_that_it_has_left() {
    let registry = Registry::new();
    let one = connection(1, Json);
    for n in 0..1000 {
        registry.join(&one, &n.to_string()).unwrap();
    }
    for n in 1..1000 {
        registry.leave(&one, &n.to_string());
    }
    assert!(one.groups_capacity() <= 32, "{}", one.groups_capacity());
}

#[test]
fn who_was_chosen_stays_chosen() {
    let registry = Registry::new();
    let crowd: Vec<_> = (0..600).map(|n| connection(n, Json)).collect();
    for connection in &crowd[..500] {
        registry.join(connection, "g").unwrap();
    }
    let chosen = registry.choose(&group("g"));
    for connection in &crowd[500..] {
        registry.join(connection, "g").unwrap();
    }
    for connection in &crowd[..300] {
        registry.leave(connection, "g");
    }
    let expected: Vec<_> = (0..500).map(|n| format!("c{n}")).collect();
    assert_eq!(ids(&chosen), expected);
    assert_eq!(registry.group_len("g"), 300);
}

#[test]
fn a_selection_speaks_what_its_members_speak_without_those_that_are_left_out() {
    let registry = Registry::new();
    for n in 0..20 {
        let connection =
            bare::connection(&format!("c{n}"), Some("u"), if n < 18 { Json } else { MessagePack }, 1, None);
        registry.add(&connection);
        registry.join(&connection, if n < 18 { "json" } else { "both" }).unwrap();
    }
    registry.join(&registry.get("c0").unwrap(), "both").unwrap();
    let (none, json, messagepack) = (Formats::default(), Formats::only(Json), Formats::only(MessagePack));
    let both = json.or(messagepack);
    let except = |ids: &[usize]| Except::new(ids.iter().map(|n| format!("c{n}")).collect());
    let many: Vec<_> = (0..1000).collect();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let cases = [
        (Selection::All, both),
        (Selection::AllExcept(except(&[18])), both),
        (Selection::AllExcept(except(&[18, 19])), json),
        (Selection::AllExcept(except(&many[..18])), messagepack),
        (Selection::AllExcept(except(&many)), none),
        (group("json"), json),
        (group("both"), both),
        (group("nobody"), none),
        (Selection::Groups(names(&["nobody", "json", "both"])), both),
        (
            Selection::GroupExcept("both".into(), Except::One(registry.get("c0").unwrap().id.clone())),
            messagepack,
        ),
        // Twice is once.
        (Selection::GroupExcept("both".into(), except(&[18, 18, 18])), both),
        (Selection::GroupExcept("both".into(), except(&[18, 19, 500])), json),
        (Selection::GroupExcept("both".into(), except(&many)), none),
        (Selection::Users(names(&["u", "nobody"])), both),
        (Selection::Connections(names(&["c18", "nobody"])), messagepack),
        (Selection::Connections(names(&["c18", "c1"])), both),
        (Selection::Connection(registry.get("c1").unwrap().id.clone()), json),
    ];
    for (place, (selection, expected)) in cases.iter().enumerate() {
        assert_eq!(registry.formats(selection), *expected, "case {place}");
    }
}

#[test]
fn a_call_may_need_the_protocols_of_all_who_can_join_its_receivers() {
    let registry = Registry::new();
    let [one, two] = [(1, Json), (2, MessagePack)].map(|(n, format)| connection(n, format));
    let (none, json, messagepack) = (Formats::default(), Formats::only(Json), Formats::only(MessagePack));
    let of = |ids: &[&str]| Selection::Connections(ids.iter().map(|id| (*id).to_owned()).collect());
    let selections = [
        Selection::All,
        group("g"),
        Selection::AllExcept(Except::One(two.id.clone())),
        Selection::Connection(one.id.clone()),
        of(&["c1"]),
        of(&["c1", "c2"]),
        of(&[]),
    ];
    let expects = |expected: [Formats; 7]| {
        for (place, (selection, expected)) in selections.iter().zip(expected).enumerate() {
            assert_eq!(registry.possible_formats(selection), expected, "case {place}");
        }
    };
    expects([none; 7]);
    registry.add(&one);
    expects([json, json, json, json, json, json, none]);
    registry.add(&two);
    let both = json.or(messagepack);
    expects([both, both, both, json, json, both, none]);
    registry.remove(&one, |_| ());
    registry.remove(&one, |_| ());
    expects([messagepack, messagepack, messagepack, messagepack, messagepack, messagepack, none]);
    registry.remove(&two, |_| ());
    expects([none; 7]);
}

/// Joins and leaves of eight threads, told in whatever order. In the order of their numbers, a group is occupied and
/// vacant in turn, and in the end it is what the last number says.
#[test]
fn changes_of_a_group_are_numbered_in_their_order() {
    let registry = Registry::new();
    let told = Mutex::new(Vec::<Change>::new());
    thread::scope(|scope| {
        for n in 0..8 {
            let (registry, told) = (&registry, &told);
            scope.spawn(move || {
                let connection = connection(n, Json);
                for _ in 0..500 {
                    let joined = registry.join(&connection, "g").unwrap();
                    // Told late, as by a node that waits for another one.
                    thread::yield_now();
                    told.lock().unwrap().extend(joined);
                    told.lock().unwrap().extend(registry.leave(&connection, "g"));
                }
                told.lock().unwrap().extend(registry.join(&connection, "g").unwrap());
            });
        }
    });
    let mut told = told.into_inner().unwrap();
    told.sort_by_key(|change| change.number);
    assert!(told.windows(2).all(|two| two[0].number < two[1].number && two[0].edge != two[1].edge));
    assert!(told.iter().all(|change| &*change.name == "g"));
    assert_eq!((told[0].edge, told.last().unwrap().edge), (Edge::Occupied, Edge::Occupied));
}

#[test]
fn the_first_connection_of_a_user_is_told_and_the_last_one() {
    let registry = Registry::new();
    let two = [1, 2].map(|n| bare::connection(&format!("c{n}"), Some("u"), Json, 1, None));
    let [one, two] = &two;
    assert_eq!(registry.add(one).map(|change| change.edge), Some(Edge::Occupied));
    assert_eq!(registry.add(two), None);
    registry.join(one, "g").unwrap();
    let mut ended = Vec::new();
    registry.remove(one, |change| ended.push((change.edge, change.name)));
    assert_eq!(ended, [(Edge::Vacant, "g".into())]);
    registry.remove(two, |change| ended.push((change.edge, change.name)));
    assert_eq!(ended[1..], [(Edge::Vacant, "u".into())]);
    assert!(registry.is_empty());
}

#[test]
fn groups_are_charged_to_the_memory_budget() {
    let budget = MemoryBudget::new(1 << 30);
    let registry = Registry::new();
    let [one, two] = [1, 2].map(|n| bare::connection(&format!("c{n}"), None, Json, 1, Some(&budget)));
    registry.join(&one, "g").unwrap();
    let one_member = budget.held();
    assert!((200..800).contains(&one_member), "{one_member}");
    // The name is kept once.
    registry.join(&two, "g").unwrap();
    assert!((1..=100).contains(&(budget.held() - one_member)), "{budget:?}");
    registry.leave(&one, "g");
    assert_eq!(budget.held(), one_member);
    registry.remove(&two, |_| ());
    assert_eq!(budget.held(), 0);
    for n in 0..1000 {
        registry.join(&one, &format!("{n:0255}")).unwrap();
    }
    assert!((400_000..800_000).contains(&budget.held()), "{budget:?}");
    registry.remove(&one, |_| ());
    assert_eq!(budget.held(), 0);
}
