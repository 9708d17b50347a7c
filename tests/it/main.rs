//! The tests over real servers, in one binary.

mod servers;

mod tmp {
    use notafter::observation::certificate::Certificate;
    #[test]
    fn tiers() {
        let dir = "/work/shared/corpora/";
        for line in std::fs::read_to_string(format!("{dir}cert-facts.open.jsonl")).unwrap().lines() {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            let file = row["file"].as_str().unwrap();
            let tier = row["tier"].as_str().unwrap();
            let got = Certificate::from_der(&std::fs::read(format!("{dir}certs/{file}")).unwrap());
            match got {
                Err(e) if tier != "D" => println!("{tier} {file} ERR {e}"),
                Err(_) => {}
                Ok(c) => {
                    if tier == "D" {
                        println!("D {file} accepted {c:?}");
                        continue;
                    }
                    let j = serde_json::to_value(&c).unwrap();
                    let agree = row["agree"].as_object().unwrap();
                    for k in ["not_before", "not_after", "is_ca", "key_bits"] {
                        if agree.contains_key(k) && j[k] != row[k] {
                            println!("{tier} {file} {k} {} want {}", j[k], row[k]);
                        }
                    }
                    if agree.contains_key("serial_hex") && j["serial"] != row["serial_hex"] {
                        println!("{tier} {file} serial {} want {}", j["serial"], row["serial_hex"]);
                    }
                    if agree.contains_key("dns_sans") {
                        let want: Vec<String> = row["sans"]
                            .as_array()
                            .map(|a| {
                                a.iter()
                                    .filter_map(|s| s.as_str().unwrap().strip_prefix("DNS:").map(str::to_owned))
                                    .collect()
                            })
                            .unwrap_or_default();
                        let got: Vec<String> = serde_json::from_value(j["dns_names"].clone()).unwrap();
                        if got != want {
                            println!("{tier} {file} sans {got:?} want {want:?}");
                        }
                    }
                    if j["subject"] != row["subject_rfc4514"] && row["subject_rfc4514"].is_string() {
                        println!("  subj {} want {}", j["subject"], row["subject_rfc4514"]);
                    }
                }
            }
        }
    }
}
