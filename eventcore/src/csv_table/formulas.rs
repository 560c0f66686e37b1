//! Formulas in CSV: texts of users that a spreadsheet would run, and their defusing (OWASP, "CSV Injection").

/// Whether a spreadsheet may read a cell that begins with this character as a formula. The wide forms count
/// as the narrow ones in Excel for East Asian languages.
const fn begins_formula(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫')
}

/// Whether some program splits cells or rows at this character, whatever our separator is. Excel, for
/// example, splits at semicolons where the comma is the decimal separator, and then ignores our quotes.
const fn separates(c: char) -> bool {
    matches!(c, ',' | ';' | '|' | '\t' | '\r' | '\n' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a program may skip this character at the beginning of a cell: blanks, invisible characters,
/// quotes.
fn is_skipped(c: char) -> bool {
    let is_invisible = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    c.is_whitespace() || c.is_control() || is_invisible || c == '"'
}

/// The cell with an apostrophe before each part of it that a spreadsheet could run as a formula: the
/// apostrophe marks the part as text. A part begins with the cell or after a separator inside it.
pub(super) fn defuse(cell: &str) -> String {
    let mut defused = String::with_capacity(cell.len() + 1);
    let mut rest = cell;
    while !rest.is_empty() {
        let end = rest.find(separates).unwrap_or(rest.len());
        let (part, tail) = rest.split_at(end);
        // A tab or line break at the very beginning is dropped by some programs together with our quotes.
        let leads = defused.is_empty() && tail.starts_with(['\t', '\r', '\n']) && part.trim().is_empty();
        if leads || part.trim_start_matches(is_skipped).starts_with(begins_formula) {
            defused.push('\'');
        }
        let separator = tail.chars().next().map_or(0, char::len_utf8);
        defused.push_str(&rest[..end + separator]);
        rest = &tail[separator..];
    }
    defused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_wherever_a_cell_may_begin() {
        for (cell, defused) in [
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r-", "'\r'-"),
            ("\tplain", "'\tplain"),
            ("  =1+1", "'  =1+1"),
            ("\u{a0}\u{200b}=1", "'\u{a0}\u{200b}=1"),
            ("\"=1\"", "'\"=1\""),
            ("＝1", "'＝1"),
            ("﹢1", "'﹢1"),
            ("Ada;=1+1", "Ada;'=1+1"),
            ("Ada; \"=1+1", "Ada;' \"=1+1"),
            ("x,@SUM(1)|-1", "x,'@SUM(1)|'-1"),
            ("two\nlines\n- item", "two\nlines\n'- item"),
            (";;=1", ";;'=1"),
            ("Ada = Bob; Cid", "Ada = Bob; Cid"),
            ("2027-03-04T18:30:00+01:00", "2027-03-04T18:30:00+01:00"),
            ("'=1", "'=1"),
            ("", ""),
        ] {
            assert_eq!(defuse(cell), defused, "{cell:?}");
        }
    }
}
