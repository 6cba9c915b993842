//! Charts of the time of a request by stage, for targets that report stages.

use super::chart::{Stack, stacks};
use super::markdown::{name, title};
use super::summary::{Group, Summary};

/// The order of the known stages; other stages follow.
const ORDER: [&str; 9] = [
    "receive", "queue", "instance", "enter", "guest", "imports", "yield", "leave", "respond",
];

/// Draws one chart per group that has stages.
pub(super) fn charts(summary: &Summary) -> String {
    summary.groups.iter().filter_map(chart).collect()
}

fn chart(group: &Group) -> Option<String> {
    let row = |line: &super::summary::Line| -> Option<Stack> {
        if line.stages.is_empty() || line.control {
            return None;
        }
        let known = ORDER
            .iter()
            .filter_map(|stage| Some(((*stage).to_owned(), *line.stages.get(*stage)?)));
        let others = line
            .stages
            .iter()
            .filter(|(stage, _)| !ORDER.contains(&stage.as_str()));
        Some((
            name(line),
            known
                .chain(others.map(|(stage, value)| (stage.clone(), *value)))
                .collect(),
        ))
    };
    let rows: Vec<Stack> = group.lines.iter().filter_map(row).collect();
    (!rows.is_empty()).then(|| {
        stacks(
            &format!("{}: time per request by stage", title(group)),
            &ORDER,
            &rows,
        )
    })
}
