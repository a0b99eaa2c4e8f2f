//! Answers that are none: what is wrong, and who can mend it.

use std::path::Path;

use tdc::{Code, DataConverter};

use crate::server::{REMOTE, Server, answer, list, needed, open, pending};

#[test]
fn statuses_say_who_can_mend_it() {
    let converter = open(REMOTE);
    let payloads = list(&["\"secret\"", "\"b\""]);
    for (status, body, code, says) in [
        (0, "connection refused\n\u{1b}[2J", Code::Remote, "no answer: connection refused"),
        (0, "", Code::Remote, "the host says no reason"),
        (301, "", Code::Remote, "redirects are not followed"),
        (401, "secret", Code::Remote, "credentials (status 401)"),
        (403, "secret", Code::Remote, "credentials (status 403)"),
        (404, "secret", Code::Remote, "path or namespace"),
        (429, "", Code::Remote, "too busy"),
        (500, "secret", Code::Remote, "failed (status 500)"),
        (503, "", Code::Remote, "too busy"),
        (204, "", Code::Remote, "failed (status 204)"),
        (400, "bad \"secret\"", Code::RemoteRefused, "does not decode these payloads (status 400)"),
        (413, "", Code::RemoteRefused, "status 413"),
        (422, "", Code::RemoteRefused, "status 422"),
        (200, "", Code::Remote, "did not answer with a list of payloads"),
        (200, "<html>secret", Code::Remote, "did not answer with a list of payloads"),
        (200, "{\"payloads\":[{}]}", Code::Remote, "answered 1 payloads, expected 2"),
        (200, "{\"payloads\":[{},{},{}]}", Code::Remote, "answered more than 2 payloads, expected 2"),
        (200, "{\"payloads\":[{\"data\":\"!secret\"},{}]}", Code::Remote, "expected base64 text"),
    ] {
        let (mut call, id, _) = needed(|call| converter.decode(call.at(&[]), &payloads));
        let error = answer(&converter, &mut call, id, status, body.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{status} {body}");
        assert_eq!(call.requests().len(), 0, "that is what the call has come to");
        assert!(error.message().contains(says), "{error}");
        assert!(!error.message().contains("secret") && !error.message().contains('\u{1b}'), "{error}");
        assert!(error.message().contains("https://codec.example.com/decode"), "{error}");
        assert_eq!(code.is_transient(), code == Code::Remote);
    }
}

#[test]
fn a_refusal_names_the_payload_of_the_call() {
    let codecs = "[remote: { url: \"https://codec.example.com\", max_request_bytes: 250 B }]";
    let (converter, server) = (open(codecs), Server::default());
    let payloads = list(&["1", "2", "3", "4"]);
    let index = |body: &str| {
        let (mut call, id, first) = needed(|call| converter.decode(call.at(&[]), &payloads));
        answer(&converter, &mut call, id, 200, &server.answer(&first)).unwrap();
        assert_eq!(converter.decode(call.at(&[]), &payloads).unwrap_err().code(), Code::Requests);
        let (id, _) = pending(&call);
        answer(&converter, &mut call, id, 400, body.as_bytes()).unwrap_err().payload_index()
    };
    assert_eq!(index("TDC_ERR_KEY_UNKNOWN at payloads[0]: …"), Some(2));
    for body in
        ["payloads[9]", "payloads[", "payloads[x]", "payloads[99999999999999999999999]", "", "payloads[0"]
    {
        assert_eq!(index(body), None, "{body}");
    }
}

#[test]
fn an_answer_that_is_too_long_is_a_limit() {
    let text = format!("version: 1\nlimits: {{ max_decoded_bytes: 4 KiB }}\ncodecs: {REMOTE}\n");
    let converter = DataConverter::parse(&text, Path::new(""), "").unwrap();
    let payloads = list(&["1"]);
    let body = |len: usize| format!("{{\"payloads\":[{{\"data\":\"{}\"}}]}}", "A".repeat(len)).into_bytes();
    let (mut call, id, request) = needed(|call| converter.decode(call.at(&[]), &payloads));
    let too_long = body(request.max_response_bytes());
    let error = answer(&converter, &mut call, id, 200, &too_long).unwrap_err();
    assert_eq!(error.code(), Code::Limit);
    let (mut call, id, _) = needed(|call| converter.decode(call.at(&[]), &payloads));
    answer(&converter, &mut call, id, 200, &body(8192)).unwrap();
    assert_eq!(converter.decode(call.at(&[]), &payloads).unwrap_err().code(), Code::Limit);
}
