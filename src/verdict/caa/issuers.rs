//! By which names a CA goes in CAA records, as its certification practice statement tells (Baseline Requirements §2.2
//! asks for that). As of November 2026.

/// The CA's own names in CAA records, by the organization its certificates have as their issuer's; `None` of one that is
/// not in the table.
pub(super) fn identifiers(organization: &str) -> Option<&'static [&'static str]> {
    let words = words(organization);
    let begins = |known: &str| words.starts_with(&self::words(known));
    TABLE.iter().find(|(organizations, _)| organizations.iter().any(|known| begins(known))).map(|(_, names)| *names)
}

/// Case, punctuation and what kind of company it is differ from certificate to certificate.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

type Row = (&'static [&'static str], &'static [&'static str]);

/// How the organizations' names begin, and the names in CAA records. A reseller that signs with an intermediate in its
/// own name stands beside the CA that issues.
const TABLE: &[Row] = &[
    (&["Let's Encrypt", "Internet Security Research Group", "ISRG"], &["letsencrypt.org"]),
    (&["Google Trust Services"], &["pki.goog"]),
    (&["DigiCert", "GeoTrust", "thawte", "Symantec", "RapidSSL", "Cloudflare"], DIGICERT),
    (&["QuoVadis"], &["quovadisglobal.com", "digicert.com"]),
    (&["Cybertrust Japan"], &["cybertrust.ne.jp", "cybertrust.co.jp", "digicert.ne.jp", "digicert.com"]),
    (&["TrustAsia"], &["trustasia.com", "digicert.com", "sectigo.com", "comodoca.com"]),
    (
        &[
            "Sectigo",
            "COMODO",
            "The USERTRUST Network",
            "cPanel",
            "Gandi",
            "GEANT Vereniging",
            "Internet2",
            "Network Solutions",
            "Corporation Service Company",
            "GoGetSSL",
            "ZeroSSL",
        ],
        SECTIGO,
    ),
    (&["Amazon"], &["amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"]),
    (&["GlobalSign"], &["globalsign.com"]),
    (&["Entrust", "AffirmTrust"], &["entrust.net", "affirmtrust.com"]),
    (&["GoDaddy", "Starfield"], &["godaddy.com", "starfieldtech.com"]),
    (&["Microsoft"], &["microsoft.com"]),
    (&["Apple"], &["pki.apple.com"]),
    (&["SSL Corp", "SSL Corporation"], &["ssl.com", "entrust.net", "affirmtrust.com"]),
    (&["Certainly"], &["certainly.com"]),
    (&["Buypass"], &["buypass.com", "buypass.no"]),
    (&["Actalis"], &["actalis.it"]),
    (&["Unizeto", "Asseco Data Systems"], &["certum.pl", "certum.eu"]),
    (&["Hellenic Academic and Research Institutions", "Greek Universities Network"], &["harica.gr"]),
    (&["IdenTrust"], &["identrust.com"]),
    (&["D-Trust"], &["d-trust.net", "dtrust.de", "d-trust.de", "dtrust.net"]),
    (
        &["Deutsche Telekom Security", "T-Systems", "Verein zur Foerderung eines Deutschen Forschungsnetzes"],
        &["telesec.de", "pki.dfn.de", "dfn.de"],
    ),
    (&["SwissSign"], &["swisssign.com", "swisssign.net"]),
    (&["Trustwave", "SecureTrust", "Viking Cloud", "VikingCloud"], &["trustwave.com", "vikingcloud.com"]),
    (&["WISeKey"], &["wisekey.com"]),
    (&["Dhimyotis", "Certigna"], &["certigna.fr"]),
    (&["Izenpe"], &["izenpe.com", "izenpe.eus"]),
    (&["FNMT-RCM"], &["fnmt.es"]),
    (&["Microsec"], &["e-szigno.hu"]),
    (&["eMudhra"], &["emsign.com"]),
    (&["SECOM Trust Systems"], &["secomtrust.net"]),
    (&["Chunghwa Telecom"], &["cht.com.tw", "pki.cht.com.tw"]),
    (&["TAIWAN-CA"], &["twca.com.tw"]),
];

/// Sectigo and SSL.com have since 2025 issued for those whose records still name Entrust.
const SECTIGO: &[&str] = &[
    "sectigo.com",
    "comodoca.com",
    "comodo.com",
    "usertrust.com",
    "trust-provider.com",
    "entrust.net",
    "affirmtrust.com",
];

const DIGICERT: &[&str] = &[
    "digicert.com",
    "www.digicert.com",
    "digicert.ne.jp",
    "cybertrust.ne.jp",
    "symantec.com",
    "thawte.com",
    "geotrust.com",
    "rapidssl.com",
    "quovadisglobal.com",
    "digitalcertvalidation.com",
    "volusion.digitalcertvalidation.com",
    "stratossl.digitalcertvalidation.com",
    "intermediatecertificate.digitalcertvalidation.com",
    "1and1.digitalcertvalidation.com",
    "amazon.com",
    "amazontrust.com",
    "awstrust.com",
    "amazonaws.com",
    "pkioverheid.nl",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organizations_as_certificates_have_them() {
        for (organization, name) in [
            ("Let's Encrypt", "letsencrypt.org"),
            ("Google Trust Services", "pki.goog"),
            ("Google Trust Services LLC", "pki.goog"),
            ("DigiCert Inc", "digicert.com"),
            ("DigiCert, Inc.", "rapidssl.com"),
            ("Amazon", "amazontrust.com"),
            ("Sectigo Limited", "sectigo.com"),
            ("COMODO CA Limited", "comodoca.com"),
            ("ZeroSSL", "sectigo.com"),
            ("GlobalSign nv-sa", "globalsign.com"),
            ("Entrust, Inc.", "entrust.net"),
            ("GoDaddy.com, Inc.", "starfieldtech.com"),
            ("Starfield Technologies, Inc.", "godaddy.com"),
            ("Microsoft Corporation", "microsoft.com"),
            ("SSL Corporation", "ssl.com"),
            ("Buypass AS-983163327", "buypass.com"),
            ("Actalis S.p.A./03358520967", "actalis.it"),
            ("Asseco Data Systems S.A.", "certum.pl"),
            ("Hellenic Academic and Research Institutions CA", "harica.gr"),
            ("D-Trust GmbH", "d-trust.net"),
            ("T-Systems International GmbH", "telesec.de"),
            ("SwissSign AG", "swisssign.com"),
            ("QuoVadis Trustlink B.V.", "quovadisglobal.com"),
        ] {
            assert!(identifiers(organization).is_some_and(|names| names.contains(&name)), "{organization}");
        }
    }

    #[test]
    fn who_is_not_in_the_table_is_unknown() {
        for organization in ["", "Example Trust", "(STAGING) Let's Encrypt", "Google", "SSL", "Amazonia", "My DigiCert"]
        {
            assert_eq!(identifiers(organization), None, "{organization}");
        }
    }

    #[test]
    fn names_are_such_as_records_hold_and_nobody_stands_in_two_rows() {
        let mut organizations: Vec<_> = TABLE.iter().flat_map(|(all, _)| *all).map(|name| words(name)).collect();
        let count = organizations.len();
        organizations.sort();
        organizations.dedup();
        assert_eq!(organizations.len(), count);
        for name in TABLE.iter().flat_map(|(_, names)| *names) {
            assert!(crate::domain::DomainName::parse(name).is_ok_and(|read| read.as_str() == *name), "{name}");
        }
    }
}
