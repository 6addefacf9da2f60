//! The statuses that the header documents for each function, as a reader understands its comments.
//!
//! A status is named in backticks: `SCUMBLE_STATUS_BUSY`, `INVALID_HANDLE`, or `MODEL_…` for all that begin so.
//! "those of `scumble_prompt_poll`" are the errors of that function: what is negative, and `CANCELLED`. `OK`, and
//! `PANIC` ("which any call may answer"), are understood.

use std::collections::{BTreeMap, BTreeSet};

/// Numbers of statuses.
pub type Statuses = BTreeSet<i32>;

const CANCELLED: i32 = 4;
const PANIC: i32 = -100;

/// Every export of a header, with the statuses that it may answer; or what the header says wrongly. An export that
/// answers no status has none.
pub fn documented(header: &str) -> Result<BTreeMap<String, Statuses>, String> {
    let comments = comments(header);
    let numbers = numbers(header);
    let mut all = BTreeMap::new();
    for (name, (answers, _)) in &comments {
        let statuses = if *answers { of(name, &comments, &numbers, 0)? } else { Statuses::new() };
        all.insert(name.clone(), statuses);
    }
    Ok(all)
}

/// Lines for C: `FUNCTION(name, status, …)` for each export.
pub fn for_c(header: &str) -> Result<String, String> {
    let line = |(name, statuses): (String, Statuses)| {
        let numbers: String = statuses.iter().map(|number| format!(", {number}")).collect();
        format!("FUNCTION({name}{})\n", if numbers.is_empty() { ", 0" } else { &numbers })
    };
    Ok(documented(header)?.into_iter().map(line).collect())
}

/// `BUSY` and the like, with their numbers.
fn numbers(header: &str) -> BTreeMap<&str, i32> {
    let constants = header.lines().filter_map(|line| line.trim().strip_prefix("SCUMBLE_STATUS_"));
    constants
        .filter_map(|line| line.trim_end_matches(',').split_once(" = "))
        .map(|(name, number)| (name, number.parse().unwrap()))
        .collect()
}

/// Whether each export answers a status, and its comment in one line.
fn comments(header: &str) -> BTreeMap<String, (bool, String)> {
    let mut all = BTreeMap::new();
    let mut comment = String::new();
    for line in header.lines() {
        let text = line.trim();
        if text == "/**" {
            comment.clear();
        } else if let Some(declaration) = line.strip_prefix("SCUMBLE_API ") {
            let (head, _) = declaration.split_once('(').unwrap();
            let name = &head[head.rfind([' ', '*']).unwrap() + 1..];
            all.insert(name.to_owned(), (head.starts_with("scumble_status "), std::mem::take(&mut comment)));
        } else if let Some(text) = text.strip_prefix("* ") {
            comment.push_str(text);
            comment.push(' ');
        }
    }
    all
}

fn of(
    name: &str,
    comments: &BTreeMap<String, (bool, String)>,
    numbers: &BTreeMap<&str, i32>,
    depth: usize,
) -> Result<Statuses, String> {
    let Some((_, comment)) = comments.get(name) else { return Err(format!("there is no {name}")) };
    if depth > comments.len() {
        return Err(format!("{name} refers to itself"));
    }
    let mut found = Statuses::from([0, PANIC]);
    let mut before = "";
    for (nth, part) in comment.split('`').enumerate() {
        if nth % 2 == 0 {
            before = part;
            continue;
        }
        let is_status =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        let status = part.strip_prefix("SCUMBLE_STATUS_").unwrap_or(part);
        if before.ends_with("those of ") {
            let errors = of(part, comments, numbers, depth + 1)?;
            found.extend(errors.into_iter().filter(|number| *number < 0 || *number == CANCELLED));
        } else if let Some(start) =
            status.strip_suffix('…').filter(|start| is_status(start) && !start.starts_with("SCUMBLE_"))
        {
            let of_this_start: Vec<i32> =
                numbers.iter().filter(|(name, _)| name.starts_with(start)).map(|(_, number)| *number).collect();
            if of_this_start.is_empty() {
                return Err(format!("{name}: no status begins with {start}"));
            }
            found.extend(of_this_start);
        } else if is_status(status) && !status.starts_with("SCUMBLE_") {
            found.insert(*numbers.get(status).ok_or_else(|| format!("{name}: there is no status {part}"))?);
        }
    }
    Ok(found)
}
