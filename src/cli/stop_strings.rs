//! Ends a text where one of some strings begins, however the tokens cut it.

/// Bytes on their way out, held back while they may become a string that ends the text.
pub struct StopStrings {
    stops: Vec<Vec<u8>>,
    held: Vec<u8>,
}

impl StopStrings {
    /// Ends at the first of `stops`, none of which is empty.
    pub fn new(stops: &[String]) -> StopStrings {
        StopStrings { stops: stops.iter().map(|stop| stop.clone().into_bytes()).collect(), held: Vec::new() }
    }

    /// Takes the next bytes. Gives those that belong to the text for certain, and whether it ends behind them.
    pub fn push(&mut self, bytes: &[u8]) -> (Vec<u8>, bool) {
        self.held.extend_from_slice(bytes);
        let found = self.stops.iter().filter_map(|stop| self.held.windows(stop.len()).position(|part| part == stop));
        if let Some(at) = found.min() {
            let text = self.held[..at].to_vec();
            self.held.clear();
            return (text, true);
        }
        let may_begin = |from: &usize| self.stops.iter().any(|stop| stop.starts_with(&self.held[*from..]));
        let longest = self.stops.iter().map(Vec::len).max().unwrap_or(0);
        let first = self.held.len().saturating_sub(longest);
        let kept = (first..self.held.len()).find(may_begin).unwrap_or(self.held.len());
        (self.held.drain(..kept).collect(), false)
    }

    /// What was held back in vain.
    pub fn finish(self) -> Vec<u8> {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::StopStrings;

    /// The text that is left of `parts`, and whether a string ended it.
    fn ended(stops: &[&str], parts: &[&str]) -> (String, bool) {
        let mut stop = StopStrings::new(&stops.iter().map(|stop| stop.to_string()).collect::<Vec<_>>());
        let mut text = Vec::new();
        for part in parts {
            let (bytes, ends) = stop.push(part.as_bytes());
            text.extend(bytes);
            if ends {
                return (String::from_utf8(text).unwrap(), true);
            }
        }
        text.extend(stop.finish());
        (String::from_utf8(text).unwrap(), false)
    }

    #[test]
    fn a_text_ends_where_a_string_begins_in_it() {
        for (stops, parts, text, ends) in [
            (&["ab"][..], &["xa", "by"][..], "x", true),
            (&["ab"], &["xa", "a", "b"], "xa", true),
            (&["ab"], &["xa", "c", "a"], "xaca", false),
            (&["\n\n", "END"], &["a\n", "E", "N", "\n", "\n"], "a\nEN", true),
            (&["aab"], &["a", "a", "a", "b"], "a", true),
            (&["é"], &["caf", "é!"], "caf", true),
            (&["b", "ab"], &["ab"], "", true),
            (&[], &["all", " of it"], "all of it", false),
        ] {
            assert_eq!(ended(stops, parts), (text.to_string(), ends), "{stops:?} {parts:?}");
        }
    }
}
