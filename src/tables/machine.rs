//! Machines: the `arch` of records and rules, and whose system call table a number belongs to.
//!
//! Numbers are AUDIT_ARCH_* of linux/audit.h: the ELF machine with one bit for 64-bit and one for little endian.

const BIT_64: u32 = 0x8000_0000;
const LITTLE_ENDIAN: u32 = 0x4000_0000;
const MIPS_N32: u32 = 0x2000_0000;

/// A machine in the audit tools' sense, or io_uring, whose operations are numbered like one machine's calls.
#[allow(missing_docs, reason = "the names are the machines' own")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    I386,
    X86_64,
    Ppc64,
    Ppc64le,
    Ppc,
    S390x,
    S390,
    Arm,
    Aarch64,
    IoUring,
    Riscv32,
    Riscv64,
    MipsO32,
    MipselO32,
    MipsN32,
    MipselN32,
    MipsN64,
    MipselN64,
    Loongarch64,
}

use Machine::*;

/// Machines that share the constants of their kernel, whatever their width and byte order.
#[allow(missing_docs, reason = "the names are the kernel's own, of its directory arch/")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    X86,
    Powerpc,
    S390,
    Arm,
    Aarch64,
    Riscv,
    Mips,
    Loongarch,
}

impl Machine {
    /// All machines, io_uring among them.
    pub const ALL: [Machine; 19] = [
        I386,
        X86_64,
        Ppc64,
        Ppc64le,
        Ppc,
        S390x,
        S390,
        Arm,
        Aarch64,
        IoUring,
        Riscv32,
        Riscv64,
        MipsO32,
        MipselO32,
        MipsN32,
        MipselN32,
        MipsN64,
        MipselN64,
        Loongarch64,
    ];

    /// AUDIT_ARCH_* of linux/audit.h; io_uring has none.
    pub const fn elf(self) -> Option<u32> {
        Some(match self {
            I386 => 3 | LITTLE_ENDIAN,
            X86_64 => 62 | BIT_64 | LITTLE_ENDIAN,
            Ppc => 20,
            Ppc64 => 21 | BIT_64,
            Ppc64le => 21 | BIT_64 | LITTLE_ENDIAN,
            S390 => 22,
            S390x => 22 | BIT_64,
            Arm => 40 | LITTLE_ENDIAN,
            Aarch64 => 183 | BIT_64 | LITTLE_ENDIAN,
            Riscv32 => 243 | LITTLE_ENDIAN,
            Riscv64 => 243 | BIT_64 | LITTLE_ENDIAN,
            MipsO32 => 8,
            MipselO32 => 8 | LITTLE_ENDIAN,
            MipsN32 => 8 | BIT_64 | MIPS_N32,
            MipselN32 => 8 | BIT_64 | LITTLE_ENDIAN | MIPS_N32,
            MipsN64 => 8 | BIT_64,
            MipselN64 => 8 | BIT_64 | LITTLE_ENDIAN,
            Loongarch64 => 258 | BIT_64 | LITTLE_ENDIAN,
            IoUring => return None,
        })
    }

    /// Whose constants it has; io_uring has those of the machine it runs on.
    pub const fn family(self) -> Option<Family> {
        Some(match self {
            I386 | X86_64 => Family::X86,
            Ppc | Ppc64 | Ppc64le => Family::Powerpc,
            S390 | S390x => Family::S390,
            Arm => Family::Arm,
            Aarch64 => Family::Aarch64,
            Riscv32 | Riscv64 => Family::Riscv,
            MipsO32 | MipselO32 | MipsN32 | MipselN32 | MipsN64 | MipselN64 => Family::Mips,
            Loongarch64 => Family::Loongarch,
            IoUring => return None,
        })
    }

    /// The machine of an AUDIT_ARCH_* number.
    pub fn from_elf(elf: u32) -> Option<Machine> {
        Self::ALL.into_iter().find(|m| m.elf() == Some(elf))
    }

    /// The width of a machine word. COMPAT: taken from the 64-bit flag, so that mips n32 counts as 64, and io_uring as 64.
    pub const fn bits(self) -> u32 {
        match self.elf() {
            Some(elf) if elf & BIT_64 == 0 => 32,
            _ => 64,
        }
    }

    /// Whether numbers lie in memory with the lowest byte first; io_uring follows the machine it runs on.
    pub const fn is_little_endian(self) -> bool {
        match self.elf() {
            Some(elf) => elf & LITTLE_ENDIAN != 0,
            None => cfg!(target_endian = "little"),
        }
    }

    /// The machine whose 32-bit programs this one runs; itself if it is one of 32 bits.
    pub const fn b32(self) -> Option<Machine> {
        Some(match self {
            X86_64 => I386,
            Ppc64 => Ppc,
            S390x => S390,
            Aarch64 => Arm,
            Riscv64 => Riscv32,
            MipsN64 | MipsN32 => MipsO32,
            MipselN64 | MipselN32 => MipselO32,
            I386 | Ppc | S390 | Arm | Riscv32 | MipsO32 | MipselO32 => self,
            Ppc64le | Loongarch64 | IoUring => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_kernel() {
        assert_eq!(X86_64.elf(), Some(0xC000_003E));
        assert_eq!(I386.elf(), Some(0x4000_0003));
        assert_eq!(Aarch64.elf(), Some(0xC000_00B7));
        assert_eq!(S390x.elf(), Some(0x8000_0016));
        assert_eq!(MipselN32.elf(), Some(0xE000_0008));
        assert_eq!(Loongarch64.elf(), Some(0xC000_0102));
        assert_eq!(Machine::from_elf(0xC000_00FF), None);
    }
}
