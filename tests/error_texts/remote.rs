//! Codec servers: what the host is asked to send, and what is made of their answers.

use tdc::{Answer, Call, Request};

use super::{Texts, field, parse, payloads};

pub(super) fn raise(texts: &mut Texts) {
    let open = |url: &str| parse(&format!("codecs: [remote: {{ url: '{url}' }}]")).unwrap();
    let one = payloads(&[("encoding", "json/plain")], "1");
    let converter = open("https://a.example/{namespace}");
    texts.add("no namespace for the URL", converter.encode(b"", &one));
    texts.add("a namespace that no header can have", converter.encode(&field(2, "b\u{e9}"), &one));

    let converter = open("https://a.example/codec");
    texts.add("a payload to encode", converter.encode(b"", &one));
    texts.add("two payloads to decode", converter.decode(b"", &one.repeat(2)));
    let without_json = field(1, field(1, field(1, b"\xff")));
    texts.add("a payload that has no JSON", converter.encode(Call::default().at(b""), &without_json));

    let answer = |status: u32, body: &[u8]| {
        let mut call = Call::default();
        let _ = converter.encode(call.at(b""), &one);
        let id = call.requests().next().unwrap().0;
        converter.answer(&mut call, &[(id, Answer::Http { status, body })])
    };
    for status in [0, 301, 400, 401, 403, 404, 413, 422, 429, 500, 503] {
        texts.add(&format!("status {status}"), answer(status, b"words of the server"));
    }
    texts.add("no answer, and no reason", answer(0, b" "));
    texts.add("a payload is named", answer(400, b"TDC_ERR at payloads[0]: no"));
    let bodies =
        ["", "<html>", "{\"payloads\":[]}", "{\"payloads\":[{},{}]}", "{\"payloads\":[{\"data\":1}]}"];
    for body in bodies {
        texts.add(&format!("the answer {body}"), answer(200, body.as_bytes()));
    }
    let small =
        parse("codecs: [remote: { url: 'https://a.example' }]\nlimits: { max_decoded_bytes: 1 B }").unwrap();
    let mut call = Call::default();
    let _ = small.encode(call.at(b""), &one);
    let Some((id, Request::Http(request))) = call.requests().next() else { return };
    let long = vec![b' '; request.max_response_bytes() + 1];
    let answers = [(id, Answer::Http { status: 200, body: &long })];
    texts.add("a long answer", small.answer(&mut call, &answers));
}
