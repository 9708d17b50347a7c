//! What strangers wrote (names in certificates, headers, bodies) is bounded where it comes in, and shown without what
//! a reader would not see or a terminal would obey.

/// A stranger's text cut to so many characters, the cut marked by `…`.
pub fn bounded(mut text: String, chars: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(chars) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Characters without a picture of their own: controls, line separators, zero-width ones, those that turn the
/// direction of the text (UAX #9 §2), interlinear annotations, variation selectors and tags.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
