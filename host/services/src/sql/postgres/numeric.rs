//! Numbers of the type `numeric`: digits to the base 10,000, without a loss.

use std::fmt::Write as _;

/// Returns the number as text.
pub(super) fn text(value: &[u8]) -> Option<String> {
    let (header, digits) = value.split_at_checked(8)?;
    let field = |index: usize| {
        Some(i16::from_be_bytes(
            header.get(index * 2..index * 2 + 2)?.try_into().ok()?,
        ))
    };
    let (count, weight, sign, scale) = (
        usize::try_from(field(0)?).ok()?,
        field(1)?,
        field(2)?,
        usize::try_from(field(3)?).ok()?,
    );
    if digits.len() != count * 2 {
        return None;
    }
    match sign as u16 {
        0xc000 => return Some("NaN".to_owned()),
        0xd000 => return Some("Infinity".to_owned()),
        0xf000 => return Some("-Infinity".to_owned()),
        0x0000 | 0x4000 => {}
        _ => return None,
    }
    // The digit with this weight; zeros at the ends are not sent.
    let digit = |at: i32| -> u16 {
        let index = usize::try_from(i32::from(weight) - at).ok();
        index
            .and_then(|index| digits.get(index * 2..index * 2 + 2))
            .map_or(0, |pair| u16::from_be_bytes([pair[0], pair[1]]))
    };
    let mut text = String::new();
    if sign as u16 == 0x4000 {
        text.push('-');
    }
    let top = i32::from(weight).max(0);
    // Writing to a string cannot fail.
    let _ = write!(text, "{}", digit(top));
    for at in (0..top).rev() {
        let _ = write!(text, "{:04}", digit(at));
    }
    if scale > 0 {
        text.push('.');
        let end = text.len() + scale;
        let mut at = -1;
        while text.len() < end {
            let _ = write!(text, "{:04}", digit(at));
            at -= 1;
        }
        text.truncate(end);
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::text;

    fn encoded(weight: i16, sign: u16, scale: i16, digits: &[u16]) -> Vec<u8> {
        let mut value = Vec::new();
        value.extend((digits.len() as i16).to_be_bytes());
        value.extend(weight.to_be_bytes());
        value.extend(sign.to_be_bytes());
        value.extend(scale.to_be_bytes());
        digits
            .iter()
            .for_each(|digit| value.extend(digit.to_be_bytes()));
        value
    }

    #[test]
    fn numbers() {
        for (value, expected) in [
            (encoded(0, 0, 2, &[1, 5000]), "1.50"),
            (encoded(0, 0, 0, &[]), "0"),
            (encoded(0, 0, 3, &[]), "0.000"),
            (encoded(-1, 0x4000, 4, &[12]), "-0.0012"),
            (encoded(-2, 0, 8, &[1]), "0.00000001"),
            (encoded(2, 0, 0, &[1]), "100000000"),
            (encoded(1, 0x4000, 1, &[12, 3456, 7000]), "-123456.7"),
            (encoded(0, 0xc000, 0, &[]), "NaN"),
            (encoded(0, 0xf000, 0, &[]), "-Infinity"),
        ] {
            assert_eq!(text(&value).as_deref(), Some(expected));
        }
        assert_eq!(text(&[0; 7]), None);
        assert_eq!(text(&encoded(0, 0, 0, &[1])[..9]), None);
        assert_eq!(text(&encoded(0, 0x1234, 0, &[1])), None);
    }
}
