//! The rules. The first one whose issuer, namespaces and claims match, and that covers the
//! operation, decides.

use crate::serve::options::{ClaimPatterns, Operation, Rule};
use serde_json::Value;

use super::token::Caller;
use crate::serve::record::RuleName;

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// What the rule is called.
    pub(crate) rule: RuleName,
    /// The payloads are returned as they came.
    pub(crate) pass_through: bool,
}

pub(super) fn decide(
    rules: &[Rule],
    caller: &Caller,
    namespace: &str,
    operation: Operation,
) -> Option<Decision> {
    let decides = |rule: &Rule| is_about(rule, operation) && matches(rule, caller, namespace);
    let (index, rule) = rules.iter().enumerate().find(|(_, rule)| decides(rule))?;
    let name = rule.name.clone().map_or(RuleName::Index(index), RuleName::Name);
    Some(Decision { rule: name, pass_through: rule.pass_through.contains(&operation) })
}

/// Whether a rule restricts namespaces and matches in everything else.
pub(super) fn asks_for_namespace(rules: &[Rule], caller: &Caller, operation: Operation) -> bool {
    rules.iter().any(|rule| rule.namespaces.is_some() && is_about(rule, operation) && knows(rule, caller))
}

fn is_about(rule: &Rule, operation: Operation) -> bool {
    rule.allow.contains(&operation) || rule.pass_through.contains(&operation)
}

fn matches(rule: &Rule, caller: &Caller, namespace: &str) -> bool {
    let has_namespace = rule.namespaces.as_ref().is_none_or(|patterns| {
        !namespace.is_empty() && patterns.iter().any(|pattern| pattern.matches(namespace))
    });
    has_namespace && knows(rule, caller)
}

/// Whether the issuer and the claims are those of the rule.
fn knows(rule: &Rule, caller: &Caller) -> bool {
    rule.issuer.as_ref().is_none_or(|issuer| *issuer == caller.issuer)
        && rule.claims.iter().all(|(name, claim)| {
            caller.claims.get(name).is_some_and(|value| claims(value, claim))
                && !(is_email(name) && caller.email_is_unverified())
        })
}

/// The claims in which providers put an email address; Temporal Cloud's is a URL.
fn is_email(name: &str) -> bool {
    name == "email" || name.ends_with("/email")
}

/// Whether a claim's value, or one of its values, matches one of the patterns. Values inside an
/// object never match.
fn claims(value: &Value, claim: &ClaimPatterns) -> bool {
    let matches = |text: &str| claim.0.iter().any(|pattern| pattern.matches(text));
    match value {
        Value::String(text) => matches(text),
        Value::Bool(value) => matches(&value.to_string()),
        Value::Number(value) => matches(&value.to_string()),
        Value::Array(values) => values.iter().any(|value| match value {
            Value::String(text) => matches(text),
            _ => false,
        }),
        Value::Null | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tdc::DataConverter;

    use super::*;
    use crate::serve::options::ServerOptions;

    /// Rules as written in a configuration.
    fn rules(yaml: &str) -> Vec<Rule> {
        let head = "version: 1\nserver:\n  auth:\n    issuers: [{ issuer: i, audience: a, jwks: \"https://i\" }]\n    rules:\n";
        let converter = DataConverter::parse(&format!("{head}{yaml}"), std::path::Path::new(""), "").unwrap();
        let options: ServerOptions = converter.server_section().unwrap().unwrap();
        options.auth.unwrap().rules
    }

    fn decided(yaml: &str, claims: &Value, namespace: &str, operation: Operation) -> Option<(usize, bool)> {
        let caller = Caller { issuer: "i".to_owned(), claims: claims.as_object().unwrap().clone() };
        decide(&rules(yaml), &caller, namespace, operation).map(|found| match found.rule {
            RuleName::Index(index) => (index, found.pass_through),
            RuleName::Name(name) => panic!("{name}"),
        })
    }

    const ISSUE: &str = "      - { allow: [decode, encode], namespaces: [\"orders-*\"], claims: { email: \"*@example.com\", groups: payments } }
      - { pass_through: [decode], claims: { email: \"*@partner.example\" } }
";

    #[test]
    fn the_first_rule_that_matches_decides_and_none_refuses() {
        use Operation::{Decode, Encode};
        let employee = json!({ "email": "a@example.com", "groups": ["x", "payments"] });
        let partner = json!({ "email": "a@partner.example" });
        for (claims, namespace, operation, expected) in [
            (&employee, "orders-eu", Decode, Some((0, false))),
            (&employee, "orders-eu", Encode, Some((0, false))),
            (&employee, "other", Decode, None),
            (&employee, "", Decode, None),
            (&partner, "orders-eu", Decode, Some((1, true))),
            (&partner, "", Decode, Some((1, true))),
            (&partner, "orders-eu", Encode, None),
            (&json!({ "email": "a@example.com" }), "orders-eu", Decode, None),
            (
                &json!({ "email": "a@example.com", "groups": "payments" }),
                "orders-eu",
                Decode,
                Some((0, false)),
            ),
            (&json!({ "email": "a@example.com", "groups": "payments2" }), "orders-eu", Decode, None),
            (&json!({ "email": "a@example.com.evil", "groups": "payments" }), "orders-eu", Decode, None),
            (&json!({ "email": { "x": "a@example.com" }, "groups": "payments" }), "orders-eu", Decode, None),
            (&json!({}), "orders-eu", Decode, None),
        ] {
            assert_eq!(decided(ISSUE, claims, namespace, operation), expected, "{claims} {namespace}");
        }
    }

    #[test]
    fn an_address_that_nobody_verified_matches_no_rule_of_addresses() {
        let rule = "      - { allow: [decode], claims: { \"https://saas-api.tmprl.cloud/user/email\": \"*@a.example\" } }\n";
        let name = "https://saas-api.tmprl.cloud/user/email";
        for (verified, expected) in
            [(json!(true), true), (json!("true"), true), (json!(false), false), (json!("false"), false)]
        {
            let claims = json!({ name: "me@a.example", "email_verified": verified });
            assert_eq!(decided(rule, &claims, "n", Operation::Decode).is_some(), expected, "{claims}");
        }
        assert!(decided(rule, &json!({ name: "me@a.example" }), "n", Operation::Decode).is_some());
    }
}
