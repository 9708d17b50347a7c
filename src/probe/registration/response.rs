//! An RDAP answer about a domain (RFC 9083 §5.3): when it runs out, its statuses, its registrar. Whatever else is in it
//! is nobody's concern here.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::{DomainName, UnixTime};
use crate::observation::{RegistrationObservation, bounded};

/// Statuses kept.
const MAX_STATUSES: usize = 20;
/// Characters kept of one, and of the registrar's name.
const MAX_TEXT: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    object_class_name: String,
    ldh_name: Option<String>,
    #[serde(default)]
    status: Vec<String>,
    #[serde(default)]
    events: Vec<Event>,
    #[serde(default)]
    entities: Vec<Entity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    event_action: String,
    event_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    #[serde(default)]
    roles: Vec<String>,
    handle: Option<String>,
    vcard_array: Option<Value>,
}

/// Reads the answer about this domain.
pub(in crate::probe) fn read(
    json: &[u8],
    domain: &DomainName,
    at: UnixTime,
) -> Result<RegistrationObservation, String> {
    // The error repeats what it stumbled over.
    let no_answer = |error: serde_json::Error| format!("no RDAP answer: {}", bounded(error.to_string(), MAX_TEXT));
    let answer: Answer = serde_json::from_slice(json).map_err(no_answer)?;
    if answer.object_class_name != "domain" {
        return Err("the answer is about no domain".to_owned());
    }
    let name = answer.ldh_name.as_deref().map(DomainName::parse_record);
    if name.is_some_and(|name| name.as_ref() != Ok(domain)) {
        return Err("the answer is about another domain".to_owned());
    }
    let mut expirations = answer.events.iter().filter(|event| event.event_action == "expiration");
    let expires = expirations.find_map(|event| UnixTime::parse_rfc3339(event.event_date.as_deref()?));
    let registrar = answer.entities.iter().find(|entity| entity.roles.iter().any(|role| role == "registrar"));
    Ok(RegistrationObservation {
        domain: domain.clone(),
        at,
        expires,
        statuses: answer.status.into_iter().take(MAX_STATUSES).map(|status| bounded(status, MAX_TEXT)).collect(),
        registrar: registrar.and_then(Entity::name),
        failure: None,
    })
}

impl Entity {
    /// Its full name of the vCard (RFC 7095 §3.3: name, parameters, type, value), else its handle.
    fn name(&self) -> Option<String> {
        let properties = self.vcard_array.as_ref().and_then(|card| card.get(1)?.as_array());
        let mut properties = properties.into_iter().flatten();
        let full = properties.find(|property| property.get(0).and_then(Value::as_str) == Some("fn"));
        let full = full.and_then(|property| property.get(3)?.as_str());
        full.or(self.handle.as_deref()).map(|name| bounded(name.to_owned(), MAX_TEXT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: UnixTime = UnixTime(1_796_083_200);

    fn read_for(name: &str, json: &str) -> Result<RegistrationObservation, String> {
        read(json.as_bytes(), &DomainName::parse(name).unwrap(), AT)
    }

    #[test]
    fn what_counts_is_read_and_the_rest_let_be() {
        let registration = read_for(
            "example.com",
            r#"{"objectClassName":"domain","ldhName":"EXAMPLE.COM.","status":["client transfer prohibited","client hold"],
                "events":[{"eventAction":"registration","eventDate":"1995-08-14T04:00:00Z"},
                          {"eventAction":"expiration","eventDate":"2027-08-13T04:00:00+00:00"}],
                "entities":[{"objectClassName":"entity","roles":["abuse"]},
                            {"objectClassName":"entity","handle":"376","roles":["registrar"],
                             "vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Example Registrar"]]]}],
                "nameservers":[],"secureDNS":{"delegationSigned":true}}"#,
        )
        .unwrap();
        assert_eq!(registration.expires, UnixTime::parse_rfc3339("2027-08-13T04:00:00Z"));
        assert_eq!(registration.registrar.as_deref(), Some("Example Registrar"));
        assert!(registration.has_status("clienthold") && !registration.has_status("serverhold"));
        assert_eq!(registration.at, AT);
    }

    #[test]
    fn an_answer_with_little_in_it_is_one() {
        let registration = read_for("example.com", r#"{"objectClassName":"domain"}"#).unwrap();
        assert_eq!((registration.expires, registration.registrar), (None, None));
        let odd = r#"{"objectClassName":"domain","events":[{"eventAction":"expiration","eventDate":"soon"}]}"#;
        assert_eq!(read_for("example.com", odd).unwrap().expires, None);
    }

    #[test]
    fn what_is_no_answer_is_an_error() {
        for json in [
            "",
            "<html>",
            "[]",
            r#"{"errorCode":404}"#,
            r#"{"objectClassName":"entity"}"#,
            r#"{"objectClassName":"domain","ldhName":"example.org"}"#,
        ] {
            assert!(read_for("example.com", json).is_err(), "{json}");
        }
    }
}
