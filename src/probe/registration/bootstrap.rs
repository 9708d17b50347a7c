//! [`Bootstrap`]: which registry answers where (RFC 9224), as IANA publishes it or as the operator has it.

use std::collections::HashMap;

use serde::Deserialize;

use crate::domain::DomainName;
use crate::observation::bounded;

/// Characters kept of what is wrong with a list: it repeats what stands there.
const MAX_TEXT: usize = 100;

/// The base URLs of registries, by the names below which they answer.
#[derive(Debug)]
pub(super) struct Bootstrap(HashMap<DomainName, String>);

/// RFC 9224 §3: services, each a list of entries and a list of base URLs.
#[derive(Deserialize)]
struct File {
    services: Vec<Vec<Vec<String>>>,
}

impl Bootstrap {
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        let file: File = serde_json::from_slice(json)
            .map_err(|error| format!("no list of registries: {}", bounded(error.to_string(), MAX_TEXT)))?;
        let mut registries = HashMap::new();
        for service in &file.services {
            let [names, urls] = service.as_slice() else { continue };
            // RFC 9224 §3 wants https first where there is both.
            let https = urls.iter().find(|url| url.starts_with("https://"));
            let Some(url) = https.or_else(|| urls.first()) else { continue };
            let base = format!("{}/", url.trim_end_matches('/'));
            let names = names.iter().filter_map(|name| DomainName::parse_record(name).ok());
            registries.extend(names.map(|name| (name, base.clone())));
        }
        Ok(Self(registries))
    }

    /// The base URL of whoever answers for a name: by the longest match (RFC 9224 §4), with a slash at its end.
    pub(super) fn registry(&self, name: &DomainName) -> Option<&str> {
        name.upward().find_map(|name| self.0.get(&name)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_match_counts_and_https_comes_first() {
        let list = Bootstrap::read(
            br#"{"version":"1.0","services":[
                [["com","net"],["https://registry.example/com"]],
                [["uk"],["http://registry.example/uk/","https://registry.example/uk/"]],
                [["example.uk"],["https://registry.example/own/"]],
                [["xn--p1ai"],["https://registry.example/rf/"]],
                [["odd"]], [["none"],[]]]}"#,
        )
        .unwrap();
        for (name, registry) in [
            ("example.com", Some("https://registry.example/com/")),
            ("other.co.uk", Some("https://registry.example/uk/")),
            ("a.example.uk", Some("https://registry.example/own/")),
            ("пример.рф", Some("https://registry.example/rf/")),
            ("example.odd", None),
            ("example.none", None),
            ("example.org", None),
        ] {
            assert_eq!(list.registry(&DomainName::parse(name).unwrap()), registry, "{name}");
        }
        assert!(Bootstrap::read(b"<html>").is_err());
        assert!(Bootstrap::read(br#"{"services":"none"}"#).is_err());
    }
}
