//! A bar for each row of a table, as an SVG.

use std::fmt::Write as _;

use crate::finding::{Row, Table};

const WIDTH: f64 = 760.0;
const LABELS: f64 = 330.0;
const BARS: f64 = 300.0;
const BAR: f64 = 16.0;
const LINE: f64 = 26.0;
const TOP: f64 = 34.0;
const OURS: &str = "#2b6cb0";
const OTHERS: &str = "#a0aec0";

/// Returns the chart of a table: the median as a bar, the smallest and the largest as a line across its end.
pub(crate) fn of(table: &Table) -> String {
    let largest = table.rows.iter().map(|row| row.measurement.largest()).fold(0.0, f64::max);
    let height = TOP + LINE * table.rows.len() as f64 + 6.0;
    let is_ours = |row: &Row| row.label.starts_with("hallpass");
    let is_compared = table.rows.iter().any(is_ours);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n\
         <text x=\"8\" y=\"20\" font-weight=\"bold\">{}</text>\n",
        escaped(&table.title)
    );
    for (place, row) in table.rows.iter().enumerate() {
        let top = TOP + LINE * place as f64;
        let colour = if is_compared && !is_ours(row) { OTHERS } else { OURS };
        draw_row(&mut svg, row, table.decimals, (top, colour), largest);
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_row(
    svg: &mut String,
    row: &Row,
    decimals: usize,
    (top, colour): (f64, &str),
    largest: f64,
) {
    let length = |value: f64| if largest > 0.0 { value / largest * BARS } else { 0.0 };
    let (median, middle) = (row.measurement.median(), top + BAR / 2.0);
    let start = LABELS + length(row.measurement.smallest());
    let end = LABELS + length(row.measurement.largest());
    let written = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
         <rect x=\"{LABELS}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\
         <line x1=\"{start:.1}\" x2=\"{end:.1}\" y1=\"{middle:.1}\" y2=\"{middle:.1}\" stroke=\"#1a202c\"/>\
         <text x=\"{:.1}\" y=\"{:.1}\">{median:.decimals$}</text>",
        LABELS - 8.0,
        middle + 4.5,
        escaped(&row.label),
        length(median),
        end.max(LABELS + length(median)) + 6.0,
        middle + 4.5,
    );
    written.expect("a string takes what is written to it");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_a_bar_of_its_share() {
        let mut table = Table::new("a < b", 1);
        table.add("hallpass", 10.0, 0);
        table.add("other & more", 5.0, 0);
        let svg = of(&table);
        for part in ["a &lt; b", "other &amp; more", "width=\"300.0\"", "width=\"150.0\"", ">5.0<"]
        {
            assert!(svg.contains(part), "{part} in {svg}");
        }
    }
}
