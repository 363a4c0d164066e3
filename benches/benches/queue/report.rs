//! What was measured, as it comes, and at the end a verdict for each target.

pub struct Report {
    verdicts: Vec<(String, bool)>,
}

impl Report {
    pub fn new() -> Report {
        Report {
            verdicts: Vec::new(),
        }
    }

    pub fn heading(&self, text: &str) {
        println!("\n{text}");
    }

    pub fn line(&self, text: &str) {
        println!("  {text}");
    }

    /// A target: no more than `limit`.
    pub fn at_most(&mut self, what: &str, value: f64, limit: f64) {
        self.verdict(what, value, "at most", limit, value <= limit);
    }

    /// A target: no less than `limit`.
    pub fn at_least(&mut self, what: &str, value: f64, limit: f64) {
        self.verdict(what, value, "at least", limit, value >= limit);
    }

    fn verdict(&mut self, what: &str, value: f64, relation: &str, limit: f64, met: bool) {
        let text = format!("{what:<46} {value:9.3}   {relation} {limit:.3}");
        self.verdicts.push((text, met));
    }

    /// Prints the verdicts; whether every target was met.
    pub fn close(self) -> bool {
        println!("\ntargets");
        for (text, met) in &self.verdicts {
            println!("  {}  {text}", if *met { "met   " } else { "MISSED" });
        }
        self.verdicts.iter().all(|(_, met)| *met)
    }
}
