//! CRC-32C. RFC 3720, appendix B.4.

/// The polynomial, its bits from lowest to highest.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// What each byte adds: whole objects are checked, so eight steps for a byte are too many.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte: u32 = 0;
    while byte < 256 {
        let (mut crc, mut step) = (byte, 0);
        while step < 8 {
            crc = (crc >> 1) ^ (POLYNOMIAL * (crc & 1));
            step += 1;
        }
        table[byte as usize] = crc;
        byte += 1;
    }
    table
};

/// A checksum of bytes that come one part after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crc32c(u32);

impl Crc32c {
    pub(crate) fn new() -> Self {
        Self(!0)
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |crc, byte| {
            let [low, ..] = crc.to_le_bytes();
            (crc >> 8) ^ TABLE.get(usize::from(low ^ byte)).copied().unwrap_or_default()
        });
    }

    pub(crate) fn value(self) -> u32 {
        !self.0
    }
}

pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = Crc32c::new();
    crc.add(bytes);
    crc.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_rfc() {
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        assert_eq!(crc32c(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(b""), 0);
    }

    #[test]
    fn parts_add_up() {
        let mut crc = Crc32c::new();
        [&b"1234"[..], b"", b"56789"].iter().for_each(|part| crc.add(part));
        assert_eq!(crc.value(), crc32c(b"123456789"));
    }
}
