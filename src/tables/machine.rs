//! Machines: the `arch` of records and rules, and whose system call table a number belongs to.
//!
//! Numbers are AUDIT_ARCH_* of linux/audit.h: the ELF machine with one bit for 64-bit and one for little endian.

use super::tables;

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

tables! {
    /// What a machine may be called: (place in [`Machine::ALL`], name). The first name of a machine is the one shown.
    /// Machines of mips are named with their ABI, since `mips` alone does not say which calls are meant.
    /// COMPAT: `armeb` is understood as the little-endian arm, which the reference calls so.
    NAMES: listed [
        (I386 as u32, "i386"),
        (I386 as u32, "i486"),
        (I386 as u32, "i586"),
        (I386 as u32, "i686"),
        (X86_64 as u32, "x86_64"),
        (Ppc64 as u32, "ppc64"),
        (Ppc64le as u32, "ppc64le"),
        (Ppc as u32, "ppc"),
        (S390x as u32, "s390x"),
        (S390 as u32, "s390"),
        (Arm as u32, "arm"),
        (Arm as u32, "armeb"),
        (Arm as u32, "armv5tejl"),
        (Arm as u32, "armv5tel"),
        (Arm as u32, "armv6l"),
        (Arm as u32, "armv7l"),
        (Aarch64 as u32, "aarch64"),
        (Aarch64 as u32, "armv8l"),
        (IoUring as u32, "uring"),
        (Riscv32 as u32, "riscv32"),
        (Riscv64 as u32, "riscv64"),
        (MipsO32 as u32, "mips_o32"),
        (MipselO32 as u32, "mipsel_o32"),
        (MipsN32 as u32, "mips_n32"),
        (MipselN32 as u32, "mipsel_n32"),
        (MipsN64 as u32, "mips_n64"),
        (MipselN64 as u32, "mipsel_n64"),
        (Loongarch64 as u32, "loongarch64"),
    ];
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

    /// The name shown to users.
    pub fn name(self) -> &'static str {
        NAMES.name(self as u32).unwrap_or_default()
    }

    /// The machine called `name`, be it the name shown or another that `uname -m` reports; letters of either case are equal.
    pub fn from_name(name: impl AsRef<[u8]>) -> Option<Machine> {
        Self::ALL.get(NAMES.number_ignoring_case(name)? as usize).copied()
    }

    /// The machine whose kernel calls itself `uname` (`uname -m`). A kernel of mips tells the width alone; the byte order is
    /// that of this program.
    pub fn from_uname(uname: &str) -> Option<Machine> {
        let is_little = cfg!(target_endian = "little");
        match uname {
            "mips" => Some(if is_little { MipselO32 } else { MipsO32 }),
            "mips64" => Some(if is_little { MipselN64 } else { MipsN64 }),
            _ => Self::from_name(uname),
        }
    }

    /// The machine meant by the word after `arch=` or given to `ausyscall`: a name, `b32` or `b64` as seen from `native`,
    /// or an AUDIT_ARCH_* number in hexadecimal, with or without 0x.
    pub fn from_word(word: &str, native: Machine) -> Option<Machine> {
        if word.eq_ignore_ascii_case("b64") {
            return (native.bits() == 64).then_some(native);
        }
        if word.eq_ignore_ascii_case("b32") {
            return native.b32();
        }
        Self::from_name(word).or_else(|| {
            let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")).unwrap_or(word);
            Self::from_elf(u32::from_str_radix(digits, 16).ok()?)
        })
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

    #[test]
    fn every_machine_goes_round_by_name_and_number() {
        for (place, machine) in Machine::ALL.into_iter().enumerate() {
            assert_eq!(machine as usize, place);
            assert_eq!(Machine::from_name(machine.name()), Some(machine));
            assert_eq!(machine.elf().and_then(Machine::from_elf), machine.elf().map(|_| machine));
        }
    }

    #[test]
    fn words_are_names_or_widths_or_hexadecimal_numbers() {
        assert_eq!(Machine::from_word("I686", X86_64), Some(I386));
        assert_eq!(Machine::from_word("b64", X86_64), Some(X86_64));
        assert_eq!(Machine::from_word("B32", X86_64), Some(I386));
        assert_eq!(Machine::from_word("b32", Ppc64le), None);
        assert_eq!(Machine::from_word("b64", I386), None);
        assert_eq!(Machine::from_word("c000003e", I386), Some(X86_64));
        assert_eq!(Machine::from_word("0xc000003e", I386), Some(X86_64));
        assert_eq!(Machine::from_word("open", X86_64), None);
        assert_eq!(Machine::from_name("armv7l"), Some(Arm));
        assert_eq!((Machine::from_name("armeb"), Arm.name()), (Some(Arm), "arm"));
    }

    #[test]
    fn the_running_machine_is_known_by_its_uname() {
        assert_eq!(Machine::from_uname("x86_64"), Some(X86_64));
        assert_eq!(Machine::from_uname("armv8l"), Some(Aarch64));
        assert_eq!(Machine::from_uname("mips64").map(Machine::bits), Some(64));
        assert_eq!(Machine::from_uname("vax"), None);
    }
}
