//! A mermaid flowchart whose nodes are modules and whose arrows are imports.

use std::collections::{BTreeMap, BTreeSet};

/// Lines `id["a/module"]`, lines `id --> other & another`, and subgraphs, which only group.
pub struct Drawing {
    heading: String,
    /// Module to id: a module is the path of its file.
    ids: BTreeMap<String, String>,
    edges: BTreeSet<(String, String)>,
}

impl Drawing {
    /// Reads the first flowchart under `## heading`.
    pub fn parse(document: &str, heading: &str) -> Self {
        let (start, end) = place(document, heading);
        let mut drawing = Self { heading: heading.to_owned(), ids: BTreeMap::new(), edges: BTreeSet::new() };
        let lines = || document[start..end].lines().map(str::trim);
        for line in lines() {
            if let Some((id, label)) = line.strip_suffix("\"]").and_then(|line| line.split_once("[\""))
                && !id.starts_with("subgraph")
            {
                drawing.ids.insert(label.to_owned(), id.to_owned());
            }
        }
        let modules: BTreeMap<_, _> = drawing.ids.iter().map(|(module, id)| (id, module)).collect();
        let module = |id: &str| (*modules.get(&id.to_owned()).unwrap_or_else(|| panic!("{id}"))).clone();
        for (from, to) in lines().filter_map(|line| line.split_once(" --> ")) {
            drawing.edges.extend(to.split(" & ").map(|to| (module(from), module(to))));
        }
        drawing
    }

    pub fn edges(&self) -> &BTreeSet<(String, String)> {
        &self.edges
    }

    /// The drawn module that a path leads into: the innermost one.
    pub fn node(&self, path: &[String]) -> Option<String> {
        (1..=path.len()).rev().map(|len| path[..len].join("/")).find(|name| self.ids.contains_key(name))
    }

    /// Whether arrows lead from `upper` down to `lower`.
    pub fn is_below(&self, lower: &str, upper: &str) -> bool {
        reaches(&self.edges, upper, lower)
    }

    /// Draws `imports` instead, unless they make a circle: only the arrows that no longer
    /// way implies.
    pub fn draw(&mut self, imports: BTreeSet<(String, String)>, document: &mut String) {
        if imports.iter().any(|(from, to)| reaches(&imports, to, from)) {
            return;
        }
        let mut edges = BTreeSet::new();
        for (from, to) in &imports {
            let others: BTreeSet<_> =
                imports.iter().filter(|edge| *edge != &(from.clone(), to.clone())).cloned().collect();
            if !reaches(&others, from, to) {
                edges.insert((from.clone(), to.clone()));
            }
        }
        self.edges = edges;
        let (start, end) = place(document, &self.heading);
        let kept = document[start..end].lines().filter(|line| !line.contains(" --> "));
        let mut lines: Vec<String> = kept.map(str::to_owned).collect();
        for (module, id) in &self.ids {
            let below = self.edges.iter().filter(|(from, _)| from == module);
            let below: Vec<_> = below.map(|(_, to)| self.ids[to].as_str()).collect();
            if !below.is_empty() {
                lines.push(format!("    {id} --> {}", below.join(" & ")));
            }
        }
        document.replace_range(start..end, &(lines.join("\n") + "\n"));
    }
}

/// Where the flowchart under the heading begins and ends.
fn place(document: &str, heading: &str) -> (usize, usize) {
    const FENCE: &str = "```mermaid\n";
    let section = document.find(&format!("## {heading}\n")).unwrap();
    let start = section + document[section..].find(FENCE).unwrap() + FENCE.len();
    (start, start + document[start..].find("```").unwrap())
}

fn reaches(edges: &BTreeSet<(String, String)>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut left = vec![from];
    while let Some(at) = left.pop() {
        for (_, next) in edges.iter().filter(|(start, _)| start == at) {
            if next == to {
                return true;
            }
            if seen.insert(next) {
                left.push(next);
            }
        }
    }
    false
}
