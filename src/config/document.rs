//! Parses YAML text into a tree of nodes that know their position, and runs serde over it. Every
//! section of a configuration is read here, so that every error names path, line and column.
//!
//! The parser is `saphyr-parser`; the rules on top are ours, because a configuration that means two
//! things is worse than one that is refused: one document, no anchors, aliases, tags or merge keys,
//! keys that are strings and occur once, a bounded depth. JSON is read by the same parser, because
//! it is YAML.

mod deserialize;
mod file;
mod problem;
pub(crate) mod secret;
mod suggestion;
mod units;

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as SourceSpan};

use crate::error::text;
pub use file::read_file;
pub(crate) use problem::Problem;
use problem::{Position, Step, shown};
pub(crate) use suggestion::did_you_mean;
pub use units::{ByteSize, Span};

/// Depth of nesting: the deepest meaningful configuration has six levels.
const MAX_DEPTH: usize = 32;

/// The longest document.
pub(crate) const MAX_LEN: usize = 1 << 20;

/// A value and its position.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) position: Position,
    pub(crate) value: NodeValue,
}

#[derive(Debug)]
pub(crate) enum NodeValue {
    Scalar { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

impl Node {
    /// The position of the value at the end of `path`, or of the last existing value on the way.
    pub(crate) fn position_of(&self, path: &[Step]) -> Position {
        let mut node = self;
        for step in path {
            let next = match (step, &node.value) {
                (Step::Field(name), NodeValue::Map(entries)) => {
                    entries.iter().find(|(key, _)| key.name == *name).map(|(_, value)| value)
                }
                (Step::Item(index), NodeValue::List(items)) => items.get(*index),
                _ => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node.position
    }
}

impl Node {
    /// The value of a field, if this is a mapping that has it.
    pub(crate) fn into_field(self, name: &str) -> Option<Self> {
        let NodeValue::Map(entries) = self.value else { return None };
        entries.into_iter().find(|(key, _)| key.name == name).map(|(_, value)| value)
    }
}

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) position: Position,
}

/// What a plain scalar means: YAML 1.2's core schema.
#[derive(Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'a str),
}

impl Scalar<'_> {
    pub(crate) fn of(text: &str, plain: bool) -> Scalar<'_> {
        match text {
            _ if !plain => Scalar::Text(text),
            "" | "~" | "null" | "Null" | "NULL" => Scalar::Null,
            "true" | "True" | "TRUE" => Scalar::Bool(true),
            "false" | "False" | "FALSE" => Scalar::Bool(false),
            _ => match text.parse::<i64>() {
                Ok(number) => Scalar::Integer(number),
                Err(_) => match text.parse::<f64>() {
                    Ok(number)
                        if text
                            .starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) =>
                    {
                        Scalar::Float(number)
                    }
                    _ => Scalar::Text(text),
                },
            },
        }
    }
}

/// Reads the one document of `text`.
pub(crate) fn read(text: &str) -> Result<Node, Problem> {
    if text.len() > MAX_LEN {
        return Err(Problem::new(format!(
            "the document has {} bytes, expected at most {MAX_LEN}",
            text.len()
        )));
    }
    let mut reader = Reader { parser: Parser::new_from_str(text.strip_prefix('\u{feff}').unwrap_or(text)) };
    let mut root = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => break,
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
            (event, span) => {
                if root.is_some() {
                    return Err(Problem::new("expected one document, found another").at(position(&span)));
                }
                root = Some(reader.node(event, span, 0)?);
            }
        }
    }
    root.ok_or_else(|| Problem::new("the document is empty: expected at least `version: 1`"))
}

struct Reader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, SourceSpan), Problem> {
        match self.parser.next_event() {
            None => Ok((Event::StreamEnd, SourceSpan::default())),
            Some(Ok(event)) => Ok(event),
            Some(Err(cause)) => {
                let marker = cause.marker();
                let position = Position { line: marker.line(), column: marker.col() + 1 };
                Err(Problem::new(format!("this is not YAML: {}", text::words(cause.info()))).at(position))
            }
        }
    }

    fn node(&mut self, event: Event<'a>, span: SourceSpan, depth: usize) -> Result<Node, Problem> {
        let position = position(&span);
        if depth > MAX_DEPTH {
            return Err(Problem::new(format!("nested deeper than {MAX_DEPTH} levels")).at(position));
        }
        let (anchor, tag) = match &event {
            Event::Alias(_) => {
                return Err(Problem::new("aliases are not accepted: write the value again").at(position));
            }
            Event::Scalar(_, _, anchor, tag) => (*anchor, tag.is_some()),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => (*anchor, tag.is_some()),
            _ => (0, false),
        };
        if anchor != 0 {
            return Err(
                Problem::new("anchors are not accepted: write the value where it is used").at(position)
            );
        }
        if tag {
            return Err(Problem::new("tags are not accepted").at(position));
        }
        let value = match event {
            Event::Scalar(text, style, ..) => {
                NodeValue::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain }
            }
            Event::SequenceStart(..) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break NodeValue::List(items),
                        (event, span) => items.push(self.node(event, span, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(..) => self.map(depth)?,
            _ => return Err(Problem::new("the document ends too early").at(position)),
        };
        Ok(Node { position, value })
    }

    fn map(&mut self, depth: usize) -> Result<NodeValue, Problem> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        // The line of each key. The hash is seeded, so that no document can make it slow.
        let mut lines: HashMap<String, usize> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(NodeValue::Map(entries));
            }
            let node = self.node(event, span, depth + 1)?;
            let position = node.position;
            let NodeValue::Scalar { text: name, plain } = node.value else {
                return Err(Problem::new("a key must be a string").at(position));
            };
            if plain && name == "<<" {
                return Err(
                    Problem::new("merge keys (<<) are not accepted: write the fields out").at(position)
                );
            }
            if !matches!(Scalar::of(&name, plain), Scalar::Text(_)) {
                return Err(Problem::new(format!(
                    "the key {name} is not a string: write \"{name}\"",
                    name = shown(&name)
                ))
                .at(position));
            }
            if let Some(line) = lines.insert(name.clone(), position.line) {
                return Err(Problem::new(format!(
                    "the key \"{}\" is set twice, first in line {line}",
                    shown(&name)
                ))
                .at(position));
            }
            let (event, span) = self.next()?;
            entries.push((Key { name, position }, self.node(event, span, depth + 1)?));
        }
    }
}

fn position(span: &SourceSpan) -> Position {
    Position { line: span.start.line(), column: span.start.col() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mean_two_things_is_refused_with_its_position() {
        let cases = [
            ("a: 1\nb: &x 2", "line 2, column 4: anchors"),
            ("a: &x 1\nb: *x", "line 1, column 4: anchors"),
            ("a: !!int 1", "line 1, column 4: tags"),
            ("a: {b: 1}\nc:\n  <<: {}", "line 3, column 3: merge keys"),
            ("a: 1\na: 2", "line 2, column 1: the key \"a\" is set twice, first in line 1"),
            ("1: a", "line 1, column 1: the key 1 is not a string"),
            ("? [a]\n: b", "line 1, column 3: a key must be a string"),
            ("a: 1\n---\nb: 2", "line 3, column 1: expected one document"),
            ("a: [", "this is not YAML"),
            ("", "the document is empty"),
        ];
        for (text, expected) in cases {
            let problem = read(text).unwrap_err().to_string();
            assert!(problem.contains(expected), "{text:?}: {problem}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn json_is_read_too() {
        let node = read("{\n\t\"version\": 1,\n\t\"codecs\": [\"encrypt\", {\"zlib\": {}}]\n}").unwrap();
        let NodeValue::Map(entries) = node.value else { panic!("a map") };
        assert_eq!(entries.len(), 2);
    }

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let cases = [
            ("~", Scalar::Null),
            ("true", Scalar::Bool(true)),
            ("no", Scalar::Text("no")),
            ("-7", Scalar::Integer(-7)),
            ("1.5", Scalar::Float(1.5)),
            ("64 MiB", Scalar::Text("64 MiB")),
            ("infinity", Scalar::Text("infinity")),
        ];
        for (text, expected) in cases {
            assert_eq!(Scalar::of(text, true), expected);
            assert_eq!(Scalar::of(text, false), Scalar::Text(text));
        }
    }
}
