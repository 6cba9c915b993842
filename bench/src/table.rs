//! The cells of an HTML table, read from a page whose markup has no attributes.

/// Returns the texts of the `td` cells by row, without rows of headings, or `None` if the page has markup
/// that such a table does not have, such as an element within a cell.
pub fn cells(page: &str) -> Option<Vec<Vec<String>>> {
    let (_, rest) = page.split_once("<table>")?;
    let (table, _) = rest.split_once("</table>")?;
    let mut rows = Vec::new();
    for row in table.split("<tr>").skip(1) {
        let row = row.trim().strip_suffix("</tr>")?;
        if row.contains("<th>") {
            continue;
        }
        let mut cells = Vec::new();
        for cell in row.split("<td>").skip(1) {
            let cell = cell.trim_end().strip_suffix("</td>")?;
            cells.push(unescape(cell)?);
        }
        rows.push(cells);
    }
    Some(rows)
}

/// Replaces character references, or returns `None` if a character that must be escaped is not.
fn unescape(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        plain.push_str(&rest[..at]);
        let reference = rest[at..].strip_prefix('&')?;
        let (name, after) = reference.split_once(';')?;
        plain.push(character(name)?);
        rest = after;
    }
    plain.push_str(rest);
    Some(plain)
}

fn character(name: &str) -> Option<char> {
    let code = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let code = match code.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => code.parse(),
    };
    char::from_u32(code.ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_unescaped() {
        let page = "<html><table><tr><th>a</th></tr><tr><td>1</td><td>&lt;b&gt; &#34;&#x27;&amp;</td></tr></table></html>";
        assert_eq!(
            cells(page),
            Some(vec![vec!["1".to_owned(), "<b> \"'&".to_owned()]])
        );
    }

    #[test]
    fn a_cell_that_is_not_escaped_is_an_error() {
        for cell in ["<b>", "it's", "a & b", "&unknown;"] {
            let page = format!("<table><tr><td>{cell}</td></tr></table>");
            assert_eq!(cells(&page), None, "{cell}");
        }
    }
}
