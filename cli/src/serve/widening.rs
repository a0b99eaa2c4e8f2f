//! Which parts of a changed `server` section wait for a signal.
//!
//! The server reloads files on its own, and may read one that is half written, or cut off by a full
//! disk. A section without its rules, or a rule without its claims, would open everything to
//! everyone. So a change that the server notices on its own is applied only if it gives no client
//! more access than before; everything else waits for SIGHUP.

use super::options::{AuthOptions, Rule, ServerOptions};

/// The parts of `after` that wait, by their paths.
pub(super) fn waiting(after: &ServerOptions, before: &ServerOptions) -> Vec<&'static str> {
    let issuers = |options: &ServerOptions| options.auth.as_ref().map(|auth| auth.issuers.clone());
    let parts = [
        ("server.listen", after.listen != before.listen),
        ("server.hosts", after.hosts != before.hosts),
        ("server.behind_proxy", after.behind_proxy != before.behind_proxy),
        ("server.tls", after.tls != before.tls),
        ("server.cors", after.cors != before.cors),
        ("server.auth.issuers", issuers(after) != issuers(before)),
        ("server.auth.rules", !rules_are_narrower(after.auth.as_ref(), before.auth.as_ref())),
        ("server.audit", after.audit != before.audit),
        ("server.metrics", after.metrics != before.metrics),
        ("server.traces", after.traces != before.traces),
    ];
    parts.into_iter().filter_map(|(part, waits)| waits.then_some(part)).collect()
}

fn rules_are_narrower(after: Option<&AuthOptions>, before: Option<&AuthOptions>) -> bool {
    match (after, before) {
        (None, None) => true,
        (Some(after), Some(before)) => narrower(&after.rules, &before.rules),
        _ => false,
    }
}

/// Whether each rule equals an old one, or a part of one, in the same order. A rule that allows may
/// be removed or narrowed: later rules cannot give its requests more. A rule that passes payloads
/// through may not, because a later rule may allow its requests.
fn narrower(after: &[Rule], before: &[Rule]) -> bool {
    let mut before = before.iter();
    // The last old rules may be removed: their requests are then refused.
    after.iter().all(|rule| {
        for was in before.by_ref() {
            if is_part(rule, was) {
                return true;
            }
            if !was.pass_through.is_empty() {
                return false;
            }
        }
        false
    })
}

fn is_part(rule: &Rule, was: &Rule) -> bool {
    let same = rule.issuer == was.issuer
        && rule.allow == was.allow
        && rule.pass_through == was.pass_through
        && rule.namespaces == was.namespaces
        && rule.claims == was.claims;
    let only_allow = rule.pass_through.is_empty() && was.pass_through.is_empty();
    let fewer_operations = rule.allow.iter().all(|operation| was.allow.contains(operation));
    let fewer_namespaces = match (&rule.namespaces, &was.namespaces) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(now), Some(was)) => now.iter().all(|pattern| was.contains(pattern)),
    };
    let stricter_claims = was.claims.iter().all(|(name, was)| {
        rule.claims.get(name).is_some_and(|now| now.0.iter().all(|pattern| was.0.contains(pattern)))
    });
    same || only_allow && rule.issuer == was.issuer && fewer_operations && fewer_namespaces && stricter_claims
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(section: &str) -> ServerOptions {
        let text = format!("version: 1\nserver: {{ {section} }}\n");
        let converter = tdc::DataConverter::parse(&text, std::path::Path::new(""), "").unwrap();
        converter.server_section().unwrap().unwrap()
    }

    fn rules(list: &str) -> ServerOptions {
        options(&format!(
            "auth: {{ issuers: [{{ issuer: i, audience: a, jwks: \"https://i\" }}], rules: [{list}] }}"
        ))
    }

    #[test]
    fn rules_that_give_less_are_taken_over_and_all_others_wait() {
        let one = "{ allow: [decode, encode], namespaces: [a, b], claims: { email: [x, y] } }";
        let pass = "{ pass_through: [decode], claims: { email: z } }";
        let all = "{ allow: [decode] }";
        for (before, after, taken) in [
            (one, one.to_owned(), true),
            (one, one.replace("[decode, encode]", "[decode]"), true),
            (one, one.replace("[a, b]", "[b]"), true),
            (one, one.replace("[x, y]", "[y]"), true),
            (one, one.replace("email: [x, y]", "email: [x, y], groups: g"), true),
            // As in a file that was cut off.
            (one, one.replace(", claims: { email: [x, y] }", ""), false),
            (one, one.replace(", namespaces: [a, b]", ""), false),
            (one, "{ allow: [decode] }".to_owned(), false),
            (one, one.replace("[a, b]", "[a, b, c]"), false),
            (one, one.replace("[x, y]", "\"*\""), false),
            (one, format!("{one}, {pass}"), false),
            (one, format!("{one}, {one}"), false),
            (one, pass.to_owned(), false),
            (
                "{ allow: [decode], claims: { a: b } }",
                "{ allow: [decode, encode], claims: { a: b } }".to_owned(),
                false,
            ),
            // A rule that is gone.
            (&format!("{one}, {all}"), all.to_owned(), true),
            (&format!("{one}, {all}"), one.to_owned(), true),
            (&format!("{one}, {pass}"), one.to_owned(), true),
            (&format!("{pass}, {all}"), all.to_owned(), false),
            (&format!("{pass}, {all}"), format!("{all}, {pass}"), false),
            (&format!("{one}, {pass}, {all}"), format!("{pass}, {all}"), true),
            (
                &format!("{pass}, {all}"),
                format!("{}, {all}", pass.replace("email: z", "email: z, g: h")),
                false,
            ),
        ] {
            let waits = waiting(&rules(&after), &rules(before));
            assert_eq!(waits.is_empty(), taken, "{before}\nthen\n{after}: {waits:?}");
        }
    }

    #[test]
    fn every_other_part_waits() {
        let before = options("listen: \"127.0.0.1:1\", audit: { file: a }");
        for (section, expected) in [
            ("", vec!["server.listen", "server.audit"]),
            ("listen: \"127.0.0.1:1\", audit: { file: a }, hosts: [h]", vec!["server.hosts"]),
            ("listen: \"127.0.0.1:1\", audit: { file: a }, behind_proxy: true", vec!["server.behind_proxy"]),
            ("listen: \"127.0.0.1:1\", audit: { file: a }, tls: { cert: c, key: k }", vec!["server.tls"]),
            (
                "listen: \"127.0.0.1:1\", audit: { file: a }, cors: { origins: [\"https://a\"] }",
                vec!["server.cors"],
            ),
            (
                "listen: \"127.0.0.1:1\", audit: { file: a }, metrics: { listen: \"127.0.0.1:2\" }",
                vec!["server.metrics"],
            ),
            (
                "listen: \"127.0.0.1:1\", audit: { file: a }, traces: { endpoint: \"http://a\" }",
                vec!["server.traces"],
            ),
        ] {
            assert_eq!(waiting(&options(section), &before), expected, "{section}");
        }
        assert_eq!(
            waiting(&options(""), &rules("{ allow: [decode] }")),
            ["server.auth.issuers", "server.auth.rules"]
        );
    }

    /// Wherever the file is cut off, every remaining rule requires as much as before, or the
    /// section waits.
    #[test]
    fn a_file_cut_off_anywhere_widens_nothing() {
        let whole = "\
version: 1
server:
  auth:
    issuers:
      - issuer: i
        audience: a
        jwks: https://i
    rules:
      - allow:
          - decode
        claims:
          email: \"*@example.com\"
          groups:
            - payments
      - pass_through: [decode]
        namespaces: [orders]
";
        let read = |text: &str| {
            let converter = tdc::DataConverter::parse(text, std::path::Path::new(""), "").ok()?;
            converter.server_section().ok().map(Option::unwrap_or_default)
        };
        let before = read(whole).unwrap();
        let mut taken = 0;
        for end in 0..whole.len() {
            let Some(after) = read(&whole[..end]) else { continue };
            if !waiting(&after, &before).is_empty() {
                continue;
            }
            taken += 1;
            let rules = &after.auth.as_ref().unwrap().rules;
            assert!(rules[0].claims.len() == 2, "{}", &whole[..end]);
            assert!(rules.get(1).is_none_or(|rule| rule.namespaces.is_some()), "{}", &whole[..end]);
        }
        assert!(taken > 0, "without the last rule it is narrower");
    }
}
