//! [`Random`]: chance that can be repeated.

/// A small generator (xorshift64*), so that a run can be repeated by its seed.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Seeded by `NOTAFTER_SEED`, else by this; printed, for the one who looks into a failure.
    pub(crate) fn seeded(otherwise: u64) -> Self {
        let seed = Self::given().unwrap_or(otherwise);
        println!("NOTAFTER_SEED={seed}");
        Self::of(seed)
    }

    /// The seed that is to be run alone, if one is.
    pub(crate) fn given() -> Option<u64> {
        std::env::var("NOTAFTER_SEED").ok().and_then(|seed| seed.parse().ok())
    }

    /// The one with this seed.
    pub(crate) const fn of(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) const fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % bound
    }

    pub(crate) fn index(&mut self, bound: usize) -> usize {
        usize::try_from(self.below(bound as u64)).expect("small")
    }

    /// Whether it is one of so many in a hundred.
    pub(crate) const fn percent(&mut self, of_hundred: u64) -> bool {
        self.below(100) < of_hundred
    }
}
