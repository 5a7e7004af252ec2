//! Bytes as hexadecimal digits, for the few binary values that stand in text files.

/// Lower-case digits.
pub fn encode(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The bytes, if the text is pairs of digits in either case.
pub fn decode(digits: impl AsRef<[u8]>) -> Option<Vec<u8>> {
    let (pairs, []) = digits.as_ref().as_chunks::<2>() else { return None };
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    pairs.iter().map(|[high, low]| Some(value(*high)? << 4 | value(*low)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_there_and_back() {
        assert_eq!(encode(&[0, 0xaf, 9]), "00af09");
        assert_eq!(decode("00AF09"), Some(vec![0, 0xaf, 9]));
        assert_eq!(decode("0"), None);
        assert_eq!(decode("zz"), None);
    }
}
