//! The domains of an agent, as `#[sip_router(domains = self.domains)]` says them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::sip::{Domains, Host};

/// The domains of an agent, or the first text among them that is no host.
pub type AgentDomains = Result<Domains, String>;

/// A type that says the domains of an agent: one text, or several.
#[diagnostic::on_unimplemented(
    message = "`{Self}` says no domains",
    label = "expected the domains of the agent",
    note = "`domains = ...` is a `String` or `&str`, or a `Vec`, slice, array or set of them"
)]
pub trait DomainList {
    /// Gives each domain to `take`.
    fn each(&self, take: &mut dyn FnMut(&str));
}

impl DomainList for str {
    fn each(&self, take: &mut dyn FnMut(&str)) {
        take(self);
    }
}

impl DomainList for String {
    fn each(&self, take: &mut dyn FnMut(&str)) {
        take(self);
    }
}

impl<D: DomainList> DomainList for [D] {
    fn each(&self, take: &mut dyn FnMut(&str)) {
        self.iter().for_each(|domain| domain.each(take));
    }
}

impl<D: DomainList, const N: usize> DomainList for [D; N] {
    fn each(&self, take: &mut dyn FnMut(&str)) {
        self.iter().for_each(|domain| domain.each(take));
    }
}

impl<D: DomainList> DomainList for Vec<D> {
    fn each(&self, take: &mut dyn FnMut(&str)) {
        self.iter().for_each(|domain| domain.each(take));
    }
}

impl<D: DomainList, S> DomainList for HashSet<D, S> {
    fn each(&self, take: &mut dyn FnMut(&str)) {
        self.iter().for_each(|domain| domain.each(take));
    }
}

impl<D: DomainList> DomainList for BTreeSet<D> {
    fn each(&self, take: &mut dyn FnMut(&str)) {
        self.iter().for_each(|domain| domain.each(take));
    }
}

impl<D: DomainList + ?Sized> DomainList for &D {
    fn each(&self, take: &mut dyn FnMut(&str)) {
        (**self).each(take);
    }
}

impl<D: DomainList + ?Sized> DomainList for Arc<D> {
    fn each(&self, take: &mut dyn FnMut(&str)) {
        (**self).each(take);
    }
}

/// Reads the domains of an agent.
pub fn domains(listed: &(impl DomainList + ?Sized)) -> AgentDomains {
    let mut domains = Vec::new();
    listed.each(&mut |domain| domains.push(domain.to_owned()));
    match domains.iter().find(|domain| Host::parse(domain).is_err()) {
        Some(wrong) => Err(wrong.clone()),
        None => Domains::new(&domains).map_err(|_| String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_one_text_or_several() {
        let [one, two] = ["example.com", "example.org"].map(str::to_owned);
        let both = Domains::new([&one, &two]);
        assert_eq!(domains("example.com"), Ok(Domains::new(["example.com"]).unwrap()));
        assert_eq!(domains(&one), domains("example.com"));
        assert_eq!(domains(&[&one, &two]).ok(), both.clone().ok());
        assert_eq!(domains(&vec![one.clone(), two.clone()]).ok(), both.clone().ok());
        assert_eq!(domains(&HashSet::from([&*one, &*two])).ok(), both.clone().ok());
        assert_eq!(
            domains(&BTreeSet::from([one.clone(), two.clone()])).ok(),
            both.clone().ok()
        );
        assert_eq!(domains(&Arc::<[String]>::from([one, two])).ok(), both.ok());
        assert_eq!(domains(&Vec::<String>::new()), Ok(Domains::default()));
    }

    #[test]
    fn the_first_text_that_is_no_host_is_told() {
        let listed = ["example.com", "sip:example.org", "example.net:5060"];
        assert_eq!(domains(&listed), Err("sip:example.org".to_owned()));
        assert_eq!(domains(""), Err(String::new()));
    }
}
