//! One assessment serves as long as chain, name and store stay the same and somebody holds it.

use super::*;

#[test]
fn a_chain_is_worked_through_once_while_somebody_holds_what_came_of_it() {
    let world = world();
    let store = store([&world.root]);
    assert_eq!(store.assessed(&world.chain, &name(NAME), &[]), None);
    let first = assess(&store, &world.chain);
    assert!(Arc::ptr_eq(&first, &assess(&store, &world.chain)));
    assert!(Arc::ptr_eq(&first, &store.assessed(&world.chain, &name(NAME), &[]).unwrap()));
    drop(first);
    assert_eq!(store.assessed(&world.chain, &name(NAME), &[]), None);
}

#[test]
fn another_chain_name_or_store_is_assessed_for_itself() {
    let world = world();
    let knows = store([&world.root]);
    let first = assess(&knows, &world.chain);
    let renewed = world.intermediate.leaf(&spec()).unwrap().chain();
    assert_ne!(assess(&knows, &renewed).leaf(), first.leaf());
    assert_eq!(assess(&knows, &world.chain[..1]).paths, []);
    assert_eq!(knows.assess(&world.chain, &name("other.example.com")).name_matches, Some(false));
    // As after a reload: the same files may hold other roots now.
    let stranger = store([&Authority::root("Stranger").unwrap()]);
    assert_eq!(assess(&stranger, &world.chain).paths, []);
}

#[test]
fn equal_certificates_are_held_once() {
    let world = world();
    let store = store([&world.root]);
    let (one, other) = (assess(&store, &world.chain), store.assess(&world.chain, &name("other.example.com")));
    let renewed = assess(&store, &world.intermediate.leaf(&spec()).unwrap().chain());
    assert!(one.chain.iter().zip(&other.chain).all(|(one, other)| Arc::ptr_eq(one, other)));
    assert!(Arc::ptr_eq(&one.chain[1], &renewed.chain[1]));
}
