//! Codec servers: what the host is asked to send, and what is made of their answers.

use super::{Texts, field, parse, payloads};

pub(super) fn raise(texts: &mut Texts) {
    let open = |url: &str| parse(&format!("codecs: [remote: {{ url: '{url}' }}]")).unwrap();
    let one = payloads(&[("encoding", "json/plain")], "1");
    let converter = open("https://a.example/{namespace}");
    texts.add("no namespace for the URL", converter.encode(b"", &one));
    texts.add("a namespace that no header can have", converter.encode(&field(2, "b\u{e9}"), &one));

    let converter = open("https://a.example/codec");
    let needed = converter.encode(b"", &one).unwrap_err();
    texts.add("a payload to encode", converter.encode(b"", &one));
    texts.add("two payloads to decode", converter.decode(b"", &one.repeat(2)));
    texts.add("a payload that has no JSON", converter.encode(b"", &field(1, field(1, field(1, b"\xff")))));

    let request = needed.request().unwrap();
    for status in [0, 301, 400, 401, 403, 404, 413, 422, 429, 500, 503] {
        texts.add(
            &format!("status {status}"),
            converter.provide_remote(request, status, b"words of the server"),
        );
    }
    texts.add("no answer, and no reason", converter.provide_remote(request, 0, b" "));
    texts.add("a payload is named", converter.provide_remote(request, 400, b"TDC_ERR at payloads[0]: no"));
    let bodies =
        ["", "<html>", "{\"payloads\":[]}", "{\"payloads\":[{},{}]}", "{\"payloads\":[{\"data\":1}]}"];
    for body in bodies {
        texts.add(&format!("the answer {body}"), converter.provide_remote(request, 200, body.as_bytes()));
    }
    let small =
        parse("codecs: [remote: { url: 'https://a.example' }]\nlimits: { max_decoded_bytes: 1 B }").unwrap();
    let needed = small.encode(b"", &one).unwrap_err();
    let request = needed.request().unwrap();
    let long = vec![b' '; request.max_response_bytes() + 1];
    texts.add("a long answer", small.provide_remote(request, 200, &long));
}
