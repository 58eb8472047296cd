//! The protocol document names every op and every error code, and no others.

use std::collections::BTreeSet;

use beepro_sealer::error::Code;
use beepro_sealer::ops::table;
use beepro_sealer::server::control;
use serde_json::json;

fn document() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/sealer-protocol.md");
    std::fs::read_to_string(path).unwrap()
}

/// The words in backticks of the first column of the tables under some headings.
fn first_columns(headings: &[&str]) -> BTreeSet<String> {
    let text = document();
    let sections = text
        .split("\n## ")
        .filter(|section| headings.iter().any(|heading| section.starts_with(heading)));
    sections
        .flat_map(|section| section.lines())
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| {
            let column = line.trim_start_matches('|').split('|').next().unwrap();
            column
                .split('`')
                .skip(1)
                .step_by(2)
                .map(str::to_string)
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_op_is_documented() {
    let ops: BTreeSet<String> = table::all()
        .iter()
        .map(|op| op.name)
        .chain(control::NAMES)
        .map(str::to_string)
        .collect();
    let documented = first_columns(&[
        "Control ops",
        "Sealing ops",
        "Verification",
        "Proof of spacetime",
        "Replica update",
        "Aggregation",
    ]);
    assert_eq!(documented, ops);
}

#[test]
fn every_error_code_is_documented() {
    let codes: BTreeSet<String> = Code::ALL
        .iter()
        .map(|code| json!(code).as_str().unwrap().to_string())
        .collect();
    assert_eq!(codes.len(), Code::ALL.len());
    assert_eq!(first_columns(&["Errors"]), codes);
}
