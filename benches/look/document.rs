//! Where results are written down: `docs/performance.md`, between marks of their own.

use std::fs;
use std::path::Path;

/// Puts this between the marks of what was run, such as `make bench`.
pub(crate) fn write(run: &str, report: &str) {
    let marks = [format!("<!-- {run}: begin -->"), format!("<!-- {run}: end -->")];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/performance.md");
    let text = fs::read_to_string(&path).expect("the document");
    let (before, rest) = text.split_once(&marks[0]).expect("the first mark");
    let (_, after) = rest.split_once(&marks[1]).expect("the second mark");
    fs::write(&path, format!("{before}{}\n{}\n{}{after}", marks[0], report.trim_end(), marks[1])).expect("it written");
}
